using System.Text;
using Raft.Fsm;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>
/// A user's restore and a Go server, to which the entries of one are Noops: it must have the new state by a snapshot, and never see
/// them. The last server of each cluster stands for Go's.
/// </summary>
public sealed class ForeignRestoreTests
{
#pragma warning disable CA2025 // The cluster moves until the task has ended, before the stream goes.
    [TestCase(0)]
    [TestCase(40_000)]
    [Reference("M5")]
    public void A_Go_server_that_joins_after_a_restore_is_sent_a_snapshot_and_not_the_entries_of_it(int commands)
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer go = cluster.Servers[^1];
        List<LogEntry> seen = Watch(cluster, go);
        cluster.Run(cluster.Apply(leader, "before"));
        Stream state = State(commands);
        cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
        cluster.Run(cluster.Apply(leader, "after"));

        Join(cluster, leader, go);

        Assert.That(seen, Is.Empty);
        Assert.That(go.Fsm.Applied.Select(a => a.Command), Is.EqualTo(leader.Fsm.Applied.Select(a => a.Command)));
    }

    [Test]
    [Reference("M5")]
    public void It_is_so_after_every_server_was_started_anew_and_another_leads()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer go = cluster.Servers[^1];
        Stream state = State(100);
        ApplyResult restored = cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
        cluster.Await("a snapshot covers it", () => cluster.Servers.Take(2).All(s => s.Node!.Core.State.Log.SnapshotIndex >= restored.Index));
        foreach (VirtualServer server in cluster.Servers.Take(2))
        {
            cluster.Kill(server);
            cluster.Start(server);
        }

        List<LogEntry> seen = Watch(cluster, go);
        leader = cluster.AwaitLeader();
        Assert.That(leader.Stores.FirstIndex, Is.LessThan(restored.Index), "the entries of it are in the log still");

        Join(cluster, leader, go);

        Assert.That(seen, Is.Empty);
        Assert.That(go.Fsm.Applied, Has.Count.EqualTo(100));
    }

    [Test]
    [Reference("M5")]
    public void A_restore_that_was_given_up_keeps_a_Go_server_from_nothing()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer go = cluster.Servers[^1];
        List<LogEntry> seen = Watch(cluster, go);
        cluster.Run(cluster.Apply(leader, "before"));
        Stream state = State(1);
        Assert.That(() => cluster.Run(leader.Node!.RestoreAsync(state, state.Length + 1)), Throws.ArgumentException);
        cluster.Pass(TimeSpan.FromMilliseconds(100));

        Join(cluster, leader, go);

        Assert.That(seen, Is.Empty);
        Assert.That(go.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "before" }));
    }

    [Test]
    [Reference("M5")]
    public void No_server_is_added_while_a_restore_is_under_way()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.AwaitLeader();
        var state = new SlowStream(State(1));

        Task<ApplyResult> restore = leader.Node!.RestoreAsync(state, state.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        Assert.That(
            () => cluster.Run(leader.Node.AddVoterAsync("n9", "addr9")),
            Throws.TypeOf<ConfigurationChangeException>().With.Message.Contains("being replaced"));
        cluster.Run(leader.Node.DemoteVoterAsync(cluster.Servers.First(s => s != leader).Id));
        state.Release();
        cluster.Run(restore);

        cluster.Run(leader.Node.AddNonvoterAsync("n9", "addr9"));
    }

    [Test]
    [Reference("M5")]
    public void The_end_of_a_restore_that_was_overtaken_lets_no_server_come_beside_the_newer_one()
    {
        using VirtualCluster cluster = Running(founders: 1);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer go = cluster.Servers[^1];
        var one = new SlowStream(State(1));
        var two = new SlowStream(State(2));
        Task<ApplyResult> first = leader.Node!.RestoreAsync(one, one.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        Task<ApplyResult> second = leader.Node.RestoreAsync(two, two.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        one.Release();
        Assert.That(() => cluster.Run(first), Throws.TypeOf<RestoreOvertakenException>());

        cluster.Start(go);
        Assert.That(
            () => cluster.Run(leader.Node.AddVoterAsync(go.Id, go.Address)), Throws.TypeOf<ConfigurationChangeException>());
        two.Release();
        cluster.Run(second);

        Join(cluster, leader, go);
        Assert.That(go.Fsm.Applied, Has.Count.EqualTo(2));
    }

    [Test]
    [Reference("M5")]
    public void A_restore_of_an_earlier_leadership_does_not_go_on_in_a_later_one()
    {
        using VirtualCluster cluster = Running(founders: 2);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer other = cluster.Servers.Take(2).First(s => s != leader);
        VirtualServer go = cluster.Servers[^1];
        var state = new SlowStream(State(1));
        Task<ApplyResult> restore = leader.Node!.RestoreAsync(state, state.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        cluster.Run(leader.Node.TransferLeadershipAsync(other.Id));
        cluster.Await("the other leads", () => other.Node!.State == RaftState.Leader);
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Run(other.Node!.TransferLeadershipAsync(leader.Id));
        cluster.Await("it leads again", () => leader.Node!.State == RaftState.Leader);
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Start(go);
        cluster.Run(leader.Node.AddVoterAsync(go.Id, go.Address));
        cluster.Run(leader.Node.RemoveServerAsync(other.Id));

        state.Release();

        Assert.That(() => cluster.Run(restore), Throws.TypeOf<RestoreOvertakenException>());
        cluster.Run(cluster.Apply(leader, "after"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_server_whose_questions_are_lost_is_sent_a_snapshot_too(bool isCovered)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 2, founders: 1);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer joins = cluster.Servers[^1];
        Stream state = State(3);
        cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
        cluster.Pass(isCovered ? TimeSpan.FromMinutes(5) : TimeSpan.Zero);
        cluster.Network.Filter = (_, _, request) => request is not AskRequest;

        Join(cluster, leader, joins);

        Assert.That(joins.Fsm.Applied, Has.Count.EqualTo(3));
    }

    [Test]
    public void A_server_of_ours_that_is_down_when_another_begins_to_lead_stands_in_the_way_of_no_restore()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer second = cluster.Servers.First(s => s != old);
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Run(old.Node!.TransferLeadershipAsync(second.Id));
        cluster.Pass(TimeSpan.FromSeconds(2));
        cluster.Run(second.Node!.TransferLeadershipAsync(old.Id));
        cluster.Pass(TimeSpan.FromSeconds(2));
        cluster.Kill(old);
        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Where(s => s != old)]);
        cluster.Pass(TimeSpan.FromSeconds(5));
        if (leader != second)
        {
            cluster.Run(leader.Node!.TransferLeadershipAsync(second.Id));
            cluster.Pass(TimeSpan.FromSeconds(2));
        }

        Stream state = State(3);
        cluster.Run(second.Node!.RestoreAsync(state, state.Length));
        cluster.Start(old);
        cluster.AwaitSame();

        Assert.That(old.Fsm.Applied, Has.Count.EqualTo(3));
    }

#pragma warning restore CA2025

    private static VirtualCluster Running(int founders = 2)
    {
        VirtualCluster cluster = VirtualCluster.Running(servers: founders + 1, founders: founders);
        cluster.Network.Foreign.Add(cluster.Servers[^1].Address);
        cluster.Pass(TimeSpan.FromSeconds(1));
        return cluster;
    }

    private static void Join(VirtualCluster cluster, VirtualServer leader, VirtualServer go)
    {
        cluster.Start(go);
        cluster.Run(leader.Node!.AddVoterAsync(go.Id, go.Address));
        cluster.Run(cluster.Apply(leader, "joined"));
        cluster.AwaitSame();
        leader.Fsm.Applied.RemoveAt(leader.Fsm.Applied.Count - 1);
        go.Fsm.Applied.RemoveAt(go.Fsm.Applied.Count - 1);
    }

    /// <summary>The entries of a restore that a server is sent.</summary>
    private static List<LogEntry> Watch(VirtualCluster cluster, VirtualServer server)
    {
        var seen = new List<LogEntry>();
        cluster.Network.Filter = (_, to, request) =>
        {
            if (to == server.Address && request is AppendEntriesRequest { Entries: { } slices })
            {
                seen.AddRange(slices.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i])).Where(
                    e => RestoreEntry.TryRead(e, out RestoreEntry _)));
            }

            return true;
        };
        return seen;
    }

    private static MemoryStream State(int commands)
    {
        var text = new StringBuilder();
        for (int i = 0; i < commands; i++)
        {
            text.Append($"{i + 1}\t1\trestored {i}\n");
        }

        return new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
