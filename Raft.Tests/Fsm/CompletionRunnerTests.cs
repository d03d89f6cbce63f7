using Raft.Fsm;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Fsm;

public sealed class CompletionRunnerTests
{
    private static ICompletion[] Futures(IEnumerable<RequestFuture<int>> futures) =>
        [.. futures.Select((f, i) => f.Succeed(i))];

    [Test]
    public async Task A_caller_that_blocks_does_not_hold_up_the_others()
    {
        var runner = new CompletionRunner(TaskScheduler.Default, new NodeClock(TimeProvider.System));
        using var gate = new ManualResetEventSlim();
        RequestFuture<int>[] futures = [.. Enumerable.Range(0, 100).Select(_ => new RequestFuture<int>())];
        Task blocked = futures[3].Task.ContinueWith(
            _ => gate.Wait(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        runner.Add(Futures(futures), 0, futures.Length);
        await Task.WhenAll(futures.Where((_, i) => i != 3).Select(f => f.Task)).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(blocked.IsCompleted, Is.False);

        // What comes while the first worker is still stuck is told as well.
        var later = new RequestFuture<int>();
        runner.Add(later.Succeed(7));
        Assert.That(await later.Task.WaitAsync(TimeSpan.FromSeconds(20)), Is.EqualTo(7));
        gate.Set();
        await blocked.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Test]
    [Reference("J5")]
    public async Task Every_future_is_told_once_whatever_blocks_and_however_many_add()
    {
        var runner = new CompletionRunner(TaskScheduler.Default, new NodeClock(TimeProvider.System));
        using var brake = new SemaphoreSlim(0);
        int told = 0;
        var all = new System.Collections.Concurrent.ConcurrentBag<Task>();
        Task[] adders = [.. Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (int i = 0; i < 500; i++)
            {
                RequestFuture<int>[] futures = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => new RequestFuture<int>())];
                foreach (RequestFuture<int> future in futures)
                {
                    bool blocks = random.Next(2000) == 0;
                    all.Add(future.Task.ContinueWith(
                        _ =>
                        {
                            Interlocked.Increment(ref told);
                            if (blocks)
                            {
                                brake.Wait(TimeSpan.FromMilliseconds(30));
                            }
                        },
                        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
                }

                runner.Add(Futures(futures), 0, futures.Length);
            }
        }))];

        await Task.WhenAll(adders);
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.That(told, Is.EqualTo(all.Count));
    }

    [Test]
    public void A_continuation_that_throws_holds_up_none_behind_it_and_is_not_kept_quiet()
    {
        var scheduler = new HeldTasks();
        var runner = new CompletionRunner(scheduler, new NodeClock(new VirtualClock()));
        int told = 0;
        runner.Add([new Saying(() => told++), new Saying(() => throw new InvalidOperationException("on purpose")), new Saying(() => told++)], 0, 3);
        var thrown = new ThrownElsewhere();
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(thrown);
        try
        {
            scheduler.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        Assert.That(told, Is.EqualTo(2));
        Assert.That(thrown.What, Is.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public void Whoever_takes_over_tells_the_rest_and_one_that_comes_late_stops_nobody()
    {
        var clock = new VirtualClock();
        var scheduler = new HeldTasks();
        var runner = new CompletionRunner(scheduler, new NodeClock(clock));
        var told = new List<int>();
        bool overtakes = true;
        runner.Add(
            [
                new Saying(() =>
                {
                    // Long enough for the watchdog to start another, which runs at once or comes late.
                    clock.Advance(TimeSpan.FromMilliseconds(30));
                    if (overtakes)
                    {
                        scheduler.Run();
                    }

                    told.Add(1);
                }),
                new Saying(() => told.Add(2)),
            ],
            0,
            2);
        scheduler.Run();
        Assert.That(told, Is.EqualTo(new[] { 2, 1 }), "while the first was held up");

        overtakes = false;
        told.Clear();
        runner.Add([new Saying(() => clock.Advance(TimeSpan.FromMilliseconds(30))), new Saying(() => told.Add(3))], 0, 2);
        scheduler.Run();
        runner.Add(new Saying(() => told.Add(4)));
        scheduler.Run();

        Assert.That(told, Is.EqualTo(new[] { 3, 4 }));
    }

    private sealed class Saying(Action say) : ICompletion
    {
        public void Complete() => say();
    }

    /// <summary>Runs what is queued when it is told to, on the thread that tells it.</summary>
    private sealed class HeldTasks : TaskScheduler
    {
        private readonly Queue<Task> _tasks = new();

        public void Run()
        {
            while (_tasks.TryDequeue(out Task? task))
            {
                TryExecuteTask(task);
            }
        }

        protected override void QueueTask(Task task) => _tasks.Enqueue(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => _tasks;
    }

    /// <summary>Keeps what would otherwise end the process.</summary>
    private sealed class ThrownElsewhere : SynchronizationContext
    {
        public Exception? What { get; private set; }

        public override void Post(SendOrPostCallback callback, object? state)
        {
            try
            {
                callback(state);
            }
            catch (Exception thrown)
            {
                What = thrown;
            }
        }
    }
}
