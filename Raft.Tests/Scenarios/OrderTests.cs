using Raft.Storage;
using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>What must hold of one server in whatever order things reach it, and in which order it does them itself.</summary>
public sealed class OrderTests
{
    [Test]
    [Reference("a06")]
    public void A_newer_term_begins_without_a_vote_and_without_a_leader_whatever_came_before()
    {
        using var follower = new LoneFollower();
        var random = new Random(606);
        int newer = 0;
        for (int step = 0; step < 2000; step++)
        {
            ulong before = follower.Node.Term;
            string from = random.Next(2) == 0 ? "n2" : "n3";
            ulong term = before - 1 + (ulong)random.Next(4);
            RpcRequest request = random.Next(4) switch
            {
                0 => Heartbeat(from, term),
                1 => Append(from, term, 1, 1, commit: 1, Entries(2, [.. Enumerable.Repeat(term, random.Next(1, 4))])),
                2 => PreVote(from, term, lastIndex: 99, lastTerm: term),
                _ => Vote(from, term, (ulong)random.Next(3), term) with { LeadershipTransfer = random.Next(2) == 0 },
            };

            follower.Send(request);

            TermAndVote record = follower.Node.Core.State.Record;
            string context = $"step {step}: {request}";
            Assert.That(record.Term, request is RequestPreVoteRequest ? Is.EqualTo(before) : Is.GreaterThanOrEqualTo(before), context);
            if (record.Term > before)
            {
                newer++;
                bool isLeaders = request is AppendEntriesRequest;
                Assert.That(record.Term, Is.EqualTo(term), context);
                Assert.That(record.VotedFor, Is.EqualTo(default(ServerId)).Or.EqualTo(isLeaders ? default : (ServerId)from), context);
                Assert.That(follower.Node.Leader.Id, Is.EqualTo(isLeaders ? (ServerId)from : default), context);
            }
        }

        Assert.That(newer, Is.GreaterThan(300));
    }

    [Test]
    [Reference("a32", "g05")]
    public void Requests_that_come_late_again_and_in_any_order_take_back_nothing_that_was_acknowledged([Range(1, 5)] int seed)
    {
        const ulong Last = 40;
        var random = new Random(seed);
        using var follower = new LoneFollower();

        // Of the leader's log the first entries are of term 2, and the follower has more of that term than the leader.
        static ulong TermAt(ulong index) => index == 1 ? 1ul : index < 6 ? 2ul : 3ul;
        follower.Send(Append("n3", 2, 1, 1, commit: 1, Entries(2, [.. Enumerable.Repeat(2ul, 20)])));
        ulong acknowledged = 0;
        for (int step = 0; step < 400; step++)
        {
            ulong previous = (ulong)random.NextInt64(1, (long)Math.Min(Last, acknowledged + 4));
            ulong[] terms =
            [
                .. Enumerable.Range((int)previous + 1, random.Next(6)).Where(i => i <= (int)Last).Select(i => TermAt((ulong)i)),
            ];
            LogSlice[] entries = terms.Length == 0 ? [] : [Entries(previous + 1, terms)];
            ulong last = previous + (ulong)terms.Length;

            Answer answer = follower.Send(
                Append("n2", 3, previous, TermAt(previous), commit: (ulong)random.NextInt64((long)last + 1), entries));

            acknowledged = answer.Append.Success ? Math.Max(acknowledged, last) : acknowledged;
            Assert.That(
                follower.Terms.Take((int)acknowledged), Is.EqualTo(Enumerable.Range(1, (int)acknowledged).Select(i => TermAt((ulong)i))),
                $"step {step}: {previous} to {last}");
            Assert.That(follower.Disk.LastIndex, Is.GreaterThanOrEqualTo(acknowledged));
        }

        Assert.That(acknowledged, Is.EqualTo(Last));
    }

    [Test]
    [Reference("a41", "b06")]
    public void What_a_follower_is_sent_is_on_disk_before_it_is_answered_and_applied()
    {
        using var follower = new LoneFollower();
        List<string> done = follower.Disk.History;
        follower.Cluster.Kill(follower.Server);
        follower.Cluster.Start(follower.Server, new RecordingFsm(done));
        follower.Disk.WriteTime = TimeSpan.FromMilliseconds(1);
        done.Clear();

        ((IRpcReceiver)follower.Node.Core.Inbox).Receive(
            new RecordingRpc(Append("n2", 2, 1, 1, commit: 3, Entries(2, 2, 2, 2)), done));
        follower.Pass();

        Assert.That(done.Take(2), Is.EqualTo(new[] { "save term 2", "append 2-4" }));
        Assert.That(done.Skip(2), Is.EquivalentTo(new[] { "answer", "apply 2", "apply 3" }));
    }

    [Test]
    [Reference("a39", "g02")]
    public void The_marks_of_every_log_keep_their_order_at_every_message([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, s => s.Config = s.Config with { SnapshotThreshold = 15, TrailingLogs = 3 });
        int looked = 0;
        cluster.Network.Filter = (_, _, _) =>
        {
            foreach (VirtualServer server in cluster.Servers.Where(s => s.Node is not null))
            {
                RequireOrdered(server);
                looked++;
            }

            return true;
        };
        for (int round = 0; round < 60; round++)
        {
            VirtualServer some = cluster.Servers[random.Next(3)];
            some.Stores.HoldLogWrites = random.Next(3) == 0;
            switch (random.Next(6))
            {
                case 0:
                    cluster.Network.Isolate(some.Address, cluster.Servers.Select(s => s.Address));
                    break;
                case 1 when cluster.Servers.All(s => s.Node is not null):
                    some.Stores.ReleaseWrites();
                    cluster.Pass(TimeSpan.Zero);
                    cluster.Kill(some);
                    break;
                case 2 when some.Node is null:
                    cluster.Start(some);
                    break;
                default:
                    cluster.Network.Heal();
                    break;
            }

            foreach (VirtualServer leader in cluster.Leaders.ToArray())
            {
                _ = Enumerable.Range(0, random.Next(20)).Select(i => cluster.Apply(leader, $"{round}.{i}")).ToArray();
            }

            cluster.Pass(TimeSpan.FromMilliseconds(random.Next(1500)));
            foreach (VirtualServer server in cluster.Servers)
            {
                server.Stores.ReleaseWrites();
            }
        }

        Assert.That(looked, Is.GreaterThan(1000));
        Assert.That(cluster.Servers.Max(s => s.Node?.Core.State.Log.SnapshotIndex), Is.GreaterThan(30), "there were snapshots");
    }

    /// <summary>No gap behind the snapshot; applied is at most what is committed and durable; those are at most the last.</summary>
    private static void RequireOrdered(VirtualServer server)
    {
        RaftLog log = server.Node!.Core.State.Log;
        ulong commit = server.Node.Core.State.CommitIndex;
        ulong applied = server.Node.AppliedIndex;
        bool isOrdered = log.FirstIndex <= log.SnapshotIndex + 1 && log.SnapshotIndex <= commit && log.SnapshotIndex <= log.DurableIndex
            && applied <= commit && applied <= log.DurableIndex && log.DurableIndex <= log.LastIndex && commit <= log.LastIndex
            && log.TermAt(log.LastIndex) == log.LastTerm && (log.LastIndex < log.FirstIndex || log.Holds(log.FirstIndex));
        Assert.That(isOrdered, Is.True, $"{server.Describe()} first {log.FirstIndex} snapshot {log.SnapshotIndex}");
    }

    private sealed class RecordingFsm(List<string> done) : IFsm
    {
        public object? Apply(LogEntry entry)
        {
            done.Add($"apply {entry.Index}");
            return null;
        }

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class RecordingRpc(RpcRequest request, List<string> done) : IncomingRpc(request)
    {
        protected override void Send(RpcResponse? response, string? error) => done.Add(error ?? "answer");
    }
}
