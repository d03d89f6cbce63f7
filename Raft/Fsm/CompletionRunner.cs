using System.Collections.Concurrent;
using Raft.Timing;

namespace Raft.Fsm;

/// <summary>
/// Tells callers the outcome of their calls, in batches, on a scheduler of its own. Callers' continuations may run
/// inside; one that blocks holds up the others for 10 to 20 ms, then another worker takes over what waits.
/// </summary>
/// <remarks>
/// Batches are what makes many callers fast: they come back together, so that their next commands are appended
/// together. Futures are handed in from any task.
/// </remarks>
internal sealed class CompletionRunner
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<Batch> _queue = new();
    private readonly TaskScheduler _scheduler;
    private readonly ITimer _watchdog;
    private int _isWorking;
    private int _isWatching;
    // The worker that started last; one that was overtaken while it was blocked stops when it comes back.
    private int _worker;
    private long _completed;
    private long _completedAtLastLook;

    public CompletionRunner(TaskScheduler scheduler, NodeClock clock)
    {
        _scheduler = scheduler;
        _watchdog = clock.Provider.CreateTimer(
            static state => ((CompletionRunner)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Hands in one future whose outcome is set.</summary>
    public void Add(ICompletion future) => Add([future], 0, 1);

    /// <summary>Hands in futures whose outcome is set.</summary>
    /// <param name="futures">Holds the futures; those places are the runner's from now on.</param>
    /// <param name="start">Where the first of them stands.</param>
    /// <param name="count">How many of them.</param>
    public void Add(ICompletion?[] futures, int start, int count)
    {
        if (count == 0)
        {
            return;
        }

        _queue.Enqueue(new Batch(futures, start, count));
        if (Interlocked.CompareExchange(ref _isWorking, 1, 0) == 0)
        {
            StartWorker();
        }
    }

    private void StartWorker() => _ = Task.Factory.StartNew(
        static state => ((CompletionRunner)state!).Work(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private void Work()
    {
        do
        {
            // Anew each time: whoever took the work over is the newest, also one that was overtaken before.
            int worker = Interlocked.Increment(ref _worker);
            while (_queue.TryPeek(out Batch? batch))
            {
                // While it is in the queue, so that the watchdog does not lie down beside it.
                Watch();
                while (batch.TryTake(out ICompletion? future))
                {
                    Tell(future);
                    Interlocked.Increment(ref _completed);
                    if (worker != Volatile.Read(ref _worker))
                    {
                        return;
                    }
                }

                // Whoever claims an emptied batch at the head takes it away; until then it stays the head.
                if (batch.TryClaimRemoval())
                {
                    _queue.TryDequeue(out _);
                }
            }

            // An exchange, so that what is in the queue is looked at behind it.
            Interlocked.Exchange(ref _isWorking, 0);
        }
        while (!_queue.IsEmpty && Interlocked.CompareExchange(ref _isWorking, 1, 0) == 0);
    }

    private static void Tell(ICompletion future)
    {
        try
        {
            future.Complete();
        }
        catch (Exception thrown)
        {
            // Out of a caller's continuation, or out of where that was to run. The others are told all the same.
            Rethrow(thrown);
        }
    }

    // As unhandled as it would be behind a task.
    private static async void Rethrow(Exception thrown) => await Task.FromException(thrown);

    private void Watch()
    {
        if (Volatile.Read(ref _isWatching) == 0 && Interlocked.CompareExchange(ref _isWatching, 1, 0) == 0)
        {
            _completedAtLastLook = Volatile.Read(ref _completed);
            _watchdog.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        if (_queue.IsEmpty)
        {
            Interlocked.Exchange(ref _isWatching, 0);
            if (!_queue.IsEmpty)
            {
                Watch();
            }

            return;
        }

        long completed = Volatile.Read(ref _completed);
        if (completed == _completedAtLastLook)
        {
            StartWorker();
        }

        _completedAtLastLook = completed;
        _watchdog.Change(Patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Futures that became due together; each is taken by one worker.</summary>
    private sealed class Batch(ICompletion?[] futures, int start, int count)
    {
        private int _next = -1;
        private int _isClaimed;

        public bool TryClaimRemoval() => Interlocked.Exchange(ref _isClaimed, 1) == 0;

        public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ICompletion? future)
        {
            // Looked at first: a worker that finds it empty over and over counts no further.
            int at = Volatile.Read(ref _next) < count - 1 ? Interlocked.Increment(ref _next) : count;
            future = at < count ? futures[start + at] : null;
            return future is not null;
        }
    }
}
