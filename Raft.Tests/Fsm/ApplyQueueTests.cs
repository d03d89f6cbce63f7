using Raft.Fsm;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Fsm;

public sealed class ApplyQueueTests
{
    private readonly VirtualClock _clock = new();

    private static ApplyTask Command(int bytes = 1) => new(LogType.Command, new byte[bytes]);

    private ApplyQueue Queue(RaftLimits limits)
    {
        var node = new NodeClock(_clock);
        return new ApplyQueue(limits, node, new CompletionRunner(TaskScheduler.Default, node));
    }

    [TestCase(60)]
    [TestCase(10_000_000)]
    public void A_wait_longer_than_any_timer_is_one_without_an_end(int days)
    {
        using ApplyQueue queue = Queue(new RaftLimits { ApplyQueueCountMax = 1 });
        queue.Add(Command(), default);

        Assert.That(queue.Add(Command(), TimeSpan.FromDays(days)), Is.EqualTo(ApplyQueue.Entry.Taken));
        Assert.That(queue.TakeAll(), Has.Count.EqualTo(2));
    }

    [Test]
    [Reference("c04")]
    public void Bytes_bound_the_queue_as_well_as_counts()
    {
        using ApplyQueue queue = Queue(new RaftLimits { ApplyQueueBytesMax = 100, ApplyWaitersMax = 0 });

        Assert.That(queue.Add(Command(500), default), Is.EqualTo(ApplyQueue.Entry.Taken), "one is always let in");
        Assert.That(queue.Add(Command(1), default), Is.EqualTo(ApplyQueue.Entry.Full));
    }

    [Test]
    public void Waiting_callers_move_up_in_their_order()
    {
        using ApplyQueue queue = Queue(new RaftLimits { ApplyQueueCountMax = 2 });
        ApplyFuture[] commands = [.. Enumerable.Range(0, 5).Select(_ => Command())];
        foreach (ApplyFuture command in commands)
        {
            queue.Add(command, default);
        }

        var taken = new List<ApplyFuture>();
        for (int i = 0; i < 3; i++)
        {
            var batch = new List<ApplyFuture>();
            queue.Take(batch, countMax: 2, bytesMax: 100);
            taken.AddRange(batch);
        }

        Assert.That(taken, Is.EqualTo(commands));
        Assert.That(queue.IsEmpty, Is.True);
    }

    [Test]
    public void After_closing_nothing_enters()
    {
        using ApplyQueue queue = Queue(new RaftLimits());
        queue.Close();

        Assert.That(queue.Add(Command(), default), Is.EqualTo(ApplyQueue.Entry.Closed));
    }
}
