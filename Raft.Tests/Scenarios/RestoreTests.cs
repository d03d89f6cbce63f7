using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A user replaces the state of the whole cluster.</summary>
public sealed class RestoreTests
{
#pragma warning disable CA2025 // The cluster moves until the task has ended, before the stream goes.
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(20_000)]
    [Reference("H6", "d18")]
    public void The_state_is_replaced_on_all_servers_and_later_commands_apply_to_it(int commands)
    {
        using VirtualCluster cluster = Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "before"));
        Stream state = State(commands);

        ApplyResult restored = cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
        cluster.Run(cluster.Apply(leader, "after"));
        cluster.AwaitSame();

        Assert.That(restored.Index, Is.LessThan(leader.Node!.AppliedIndex));
        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(commands + 1));
        Assert.That(leader.Fsm.Applied[^1].Command, Is.EqualTo("after"));
    }

    [Test]
    public void A_snapshot_is_taken_once_the_restore_is_over_and_a_restart_has_the_new_state()
    {
        using VirtualCluster cluster = Running(1, trailing: 0);
        VirtualServer server = cluster.Servers[0];
        Stream state = State(10_000);
        ApplyResult restored = cluster.Run(server.Node!.RestoreAsync(state, state.Length));
        cluster.Await("a snapshot freed the log", () => server.Stores.FirstIndex >= restored.Index);

        cluster.Kill(server);
        cluster.Start(server);

        Assert.That(server.Fsm.Applied, Has.Count.EqualTo(10_000));
    }

    [Test]
    [Reference("H6")]
    public void A_server_that_was_away_gets_the_new_state_from_the_log_or_a_snapshot()
    {
        using VirtualCluster cluster = Running(3, trailing: 0);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Network.Isolate(away.Address, cluster.Servers.Select(s => s.Address));
        Stream state = State(5000);
        cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
        cluster.Pass(TimeSpan.FromSeconds(3));

        cluster.Network.Heal();
        cluster.AwaitSame();

        Assert.That(away.Fsm.Applied, Has.Count.EqualTo(5000));
    }

    [Test]
    public void Bytes_that_are_too_few_or_that_the_state_machine_refuses_change_nothing()
    {
        using VirtualCluster cluster = Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "kept"));
        Stream state = State(10);
        var nonsense = new MemoryStream("nonsense\n"u8.ToArray());

        Assert.That(
            () => cluster.Run(leader.Node!.RestoreAsync(state, state.Length + 1)),
            Throws.ArgumentException.With.Message.Contains("Nothing was changed"));
        Assert.That(
            () => cluster.Run(leader.Node!.RestoreAsync(nonsense, nonsense.Length)), Throws.TypeOf<InvalidDataException>());
        cluster.Run(cluster.Apply(leader, "goes on"));
        cluster.AwaitSame();

        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "kept", "goes on" }));
    }

    [Test]
    public void Of_two_restores_at_once_the_later_one_counts_and_the_earlier_one_is_not_told_that_it_does()
    {
        using VirtualCluster cluster = Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        var slow = new SlowStream(State(9000));
        Task<ApplyResult> earlier = leader.Node!.RestoreAsync(slow, slow.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        Stream state = State(3);
        Task<ApplyResult> later = leader.Node.RestoreAsync(state, state.Length);

        cluster.Run(later);
        slow.Release();

        Assert.That(() => cluster.Run(earlier), Throws.TypeOf<RestoreOvertakenException>());
        cluster.AwaitSame();
        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(3));
    }

    [Test]
    public void A_restore_that_loses_its_leader_before_its_last_entry_changes_nothing()
    {
        using VirtualCluster cluster = Running(3);
        VirtualServer old = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(old, "kept"));
        var state = new SlowStream(State(5000));
        Task<ApplyResult> restore = old.Node!.RestoreAsync(state, state.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Where(s => s != old)]);
        state.Release();

        Assert.That(
            () => cluster.Run(restore), Throws.TypeOf<LeadershipLostException>().Or.TypeOf<NotLeaderException>());
        cluster.Network.Heal();
        cluster.Run(cluster.Apply(leader, "goes on"));
        cluster.AwaitSame();
        SnapshotMeta taken = cluster.Run(leader.Node!.SnapshotAsync());

        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "kept", "goes on" }));
        Assert.That(taken.Index, Is.EqualTo(leader.Node!.AppliedIndex), "what was begun no longer holds up snapshots");
    }

    [Test]
    public void While_a_restore_is_open_no_snapshot_is_taken_and_one_that_is_given_up_ends_that()
    {
        using VirtualCluster cluster = Running(1);
        VirtualServer server = cluster.Servers[0];
        var state = new SlowStream(State(100));
        Task<ApplyResult> restore = server.Node!.RestoreAsync(state, state.Length + 1);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Assert.That(() => cluster.Run(server.Node.SnapshotAsync()), Throws.TypeOf<RaftException>());
        state.Release();
        Assert.That(() => cluster.Run(restore), Throws.ArgumentException);
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(cluster.Run(server.Node.SnapshotAsync()).Index, Is.GreaterThan(0));
    }

    [Test]
    public void A_server_that_does_not_lead_or_that_has_Go_servers_beside_it_refuses()
    {
        using VirtualCluster cluster = Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        Stream state = State(1);
        VirtualServer other = cluster.Servers.First(s => s != leader);
        Assert.That(() => cluster.Run(other.Node!.RestoreAsync(state, state.Length)), Throws.TypeOf<NotLeaderException>());

        cluster.Run(leader.Node!.AddNonvoterAsync("go", "addr-go"));
        Assert.That(
            () => cluster.Run(leader.Node.RestoreAsync(state, state.Length)),
            Throws.TypeOf<UnsupportedProtocolException>().With.Message.Contains("Nothing was changed"));
    }

#pragma warning restore CA2025

    private static VirtualCluster Running(int servers, ulong trailing = 10_240)
    {
        VirtualCluster cluster = VirtualCluster.Running(
            servers, server => server.Config = server.Config with { TrailingLogs = trailing });
        cluster.Pass(TimeSpan.FromSeconds(1));
        return cluster;
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
