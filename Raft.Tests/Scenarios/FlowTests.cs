using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What fills up is bounded in bytes, and says so to whom it concerns.</summary>
public sealed class FlowTests
{
    private const int MiB = 1 << 20;

    /// <summary>Whoever offers more than there is room for is told at once; what was let in is told apart by whether it was appended.</summary>
    [Test]
    [Reference("a24")]
    public void A24_A_million_writes_without_a_majority_take_no_more_memory_than_the_limits_say()
    {
        const int Offered = 1_000_000;
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, s => s.Config = s.Config with
        {
            Limits = new RaftLimits { UncommittedBytesMax = MiB, ApplyQueueBytesMax = MiB, ApplyWaitersBytesMax = MiB },
        });
        VirtualServer leader = cluster.Leaders.Single();
        ulong before = leader.Node!.LastIndex;
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        var pending = new List<Task<ApplyResult>>();
        int refused = 0;
        long heap = GC.GetTotalMemory(forceFullCollection: true);

        for (int i = 0; i < Offered; i++)
        {
            Task<ApplyResult> write = leader.Node.ApplyAsync(new byte[100]).AsTask();
            if (write.IsFaulted)
            {
                Assert.That(write.Exception.InnerException, Is.TypeOf<EnqueueTimeoutException>());
                refused++;
            }
            else
            {
                pending.Add(write);
            }

            if (i % 1000 == 0)
            {
                cluster.Pass(TimeSpan.Zero);
            }
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - heap;
        cluster.Await("every writer was told", () => pending.TrueForAll(w => w.IsCompleted));
        ILookup<Type, Task<ApplyResult>> outcomes = pending.ToLookup(w => w.Exception!.InnerException!.GetType());

        Assert.That(grown, Is.LessThan(32 * MiB));
        Assert.That(pending, Has.Count.EqualTo(Offered - refused).And.Count.LessThan(Offered / 20));
        Assert.That(outcomes[typeof(LeadershipLostException)].Count(), Is.EqualTo((int)(leader.Stores.LastIndex - before)), "appended");
        Assert.That(
            outcomes.Select(o => o.Key),
            Is.SubsetOf(new[] { typeof(LeadershipLostException), typeof(NotLeaderException), typeof(EnqueueTimeoutException) }));
    }

    [Test]
    [Reference("a24")]
    public void A24_Those_who_wait_for_a_place_are_bounded_by_the_bytes_that_they_hold()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, s => s.Config = s.Config with
        {
            Limits = new RaftLimits { UncommittedBytesMax = 1, ApplyQueueBytesMax = MiB, ApplyWaitersBytesMax = 2 * MiB },
        });
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        byte[] command = new byte[MiB / 2];

        bool[] refused = [.. Enumerable.Range(0, 20).Select(_ =>
        {
            Task<ApplyResult> write = leader.Node!.ApplyAsync(command).AsTask();
            cluster.Pass(TimeSpan.Zero);
            return write.IsFaulted;
        })];

        // One is appended, two have a place, three wait: the fourth would be over the limit with its call.
        Assert.That(refused.Count(r => !r), Is.EqualTo(6));
        Assert.That(refused, Is.Ordered);
    }

    [TestCase(false)]
    [TestCase(true)]
    [Reference("a30")]
    public void A30_A_follower_that_takes_a_megabyte_a_second_costs_the_leader_neither_memory_nor_time(bool isSlow)
    {
        const int Bytes = 64 << 10;
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, s => s.Config = s.Config with { Limits = new RaftLimits { TailBytesMax = MiB } });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer slow = cluster.Servers.First(s => s != leader);
        var link = new SlowLink(cluster, slow, isSlow ? 1_000_000 : double.MaxValue);
        TimeSpan slowest = TimeSpan.Zero;
        long inMemory = 0;
        for (int i = 0; i < 200; i++)
        {
            TimeSpan began = cluster.Clock.Now;
            cluster.Run(leader.Node!.ApplyAsync(new byte[Bytes]));
            TimeSpan took = cluster.Clock.Now - began;
            slowest = took > slowest ? took : slowest;
            cluster.Pass(TimeSpan.FromMilliseconds(5));
            inMemory = Math.Max(inMemory, leader.Node.Core.State.Log.BytesInMemory);
        }

        ulong behind = leader.Node!.LastIndex - slow.Node!.LastIndex;
        cluster.AwaitSame();

        Assert.That(behind, isSlow ? Is.GreaterThan(100) : Is.LessThan(3));
        Assert.That(slowest, Is.LessThan(TimeSpan.FromMilliseconds(8)), "to the other follower and back");
        Assert.That(inMemory, Is.LessThan(MiB + (2 * Bytes)), "what is on disk is read from there");
        Assert.That(link.InFlightMost, Is.LessThan(MiB + (256 << 10)));
        Assert.That(link.QueueMost, Is.LessThan(TimeSpan.FromSeconds(1.5)));
    }

    [Test]
    [Reference("a39")]
    public void A39_A_state_machine_that_stands_still_is_handed_no_more_than_its_read_ahead()
    {
        const int Bytes = 64 << 10;
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 1, s => s.Config = s.Config with { Limits = new RaftLimits { FsmReadAheadBytesMax = 4 * Bytes, TailBytesMax = 0 } });
        RaftNode node = cluster.Servers[0].Node!;
        cluster.BlockFsm = true;
        Task<ApplyResult>[] writes = [.. Enumerable.Range(0, 100).Select(_ => node.ApplyAsync(new byte[Bytes]).AsTask())];
        cluster.Await("all are committed", () => node.CommitIndex >= 102);
        ulong applied = node.AppliedIndex;

        Assert.That(node.Core.FedIndex - applied, Is.InRange(3, 8), "a page of read-ahead, and one that was begun before it was full");
        cluster.BlockFsm = false;
        cluster.Run(Task.WhenAll(writes));
    }

    /// <summary>A link to one server that takes so many bytes a second, one request behind the other.</summary>
    private sealed class SlowLink
    {
        private readonly Queue<long> _onTheirWay = new();
        private TimeSpan _freeAt;
        private long _inFlight;

        public SlowLink(VirtualCluster cluster, VirtualServer server, double bytesPerSecond)
        {
            cluster.Network.Timeout = TimeSpan.FromSeconds(20);
            cluster.Network.RequestDelay = (to, request) =>
            {
                if (to != server.Address || request is not AppendEntriesRequest { IsHeartbeat: false } append)
                {
                    return TimeSpan.Zero;
                }

                long bytes = append.Entries?.Sum(s => s.Encoded.Length) ?? 0;
                TimeSpan now = cluster.Clock.Now;
                _freeAt = (_freeAt > now ? _freeAt : now) + TimeSpan.FromSeconds(bytes / bytesPerSecond);
                _onTheirWay.Enqueue(bytes);
                _inFlight += bytes;
                InFlightMost = Math.Max(InFlightMost, _inFlight);
                QueueMost = _freeAt - now > QueueMost ? _freeAt - now : QueueMost;
                return _freeAt - now;
            };
            cluster.Network.AnswerDelay = (to, request) =>
            {
                if (to == server.Address && request is AppendEntriesRequest { IsHeartbeat: false })
                {
                    _inFlight -= _onTheirWay.Dequeue();
                }

                return TimeSpan.Zero;
            };
        }

        public long InFlightMost { get; private set; }

        public TimeSpan QueueMost { get; private set; }
    }
}
