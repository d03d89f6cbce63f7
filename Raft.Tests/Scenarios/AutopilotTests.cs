using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What a leader does about its members by itself.</summary>
public sealed class AutopilotTests
{
    private static readonly AutopilotConfig Careful = new() { RemoveDeadAfter = TimeSpan.FromSeconds(60) };

    [Test]
    public void A_server_without_a_vote_gets_it_when_it_has_kept_up_and_a_read_replica_never_does()
    {
        using VirtualCluster cluster = Running(new AutopilotConfig { ReadReplicas = ["n5"] }, servers: 5, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer joins in cluster.Servers.Skip(3))
        {
            cluster.Start(joins);
            cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));
        }

        cluster.Pass(TimeSpan.FromSeconds(9));
        Assert.That(Voters(leader), Has.Length.EqualTo(3));
        cluster.Pass(TimeSpan.FromSeconds(5));

        Assert.That(Voters(leader), Has.Length.EqualTo(4));
        cluster.Pass(TimeSpan.FromMinutes(1));
        Assert.That(Suffrage(leader, cluster.Servers[4]), Is.EqualTo(ServerSuffrage.Nonvoter));
    }

    [Test]
    public void The_next_leader_goes_on_with_who_is_not_promoted_yet()
    {
        using VirtualCluster cluster = Running(new AutopilotConfig(), servers: 4, founders: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Run(old.Node!.AddNonvoterAsync(joins.Id, joins.Address));
        cluster.Pass(TimeSpan.FromSeconds(5));

        cluster.Run(old.Node.TransferLeadershipAsync());
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Pass(TimeSpan.FromSeconds(20));

        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Voter));
    }

    [Test]
    public void A_dead_voter_is_removed_once_it_was_replaced_and_not_before()
    {
        using VirtualCluster cluster = Running(Careful, servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer dead = cluster.Servers.First(s => s != leader && s.Node is not null);
        cluster.Kill(dead);
        cluster.Pass(TimeSpan.FromMinutes(10));
        Assert.That(Voters(leader), Has.Length.EqualTo(3), "two voters would be fewer than it may leave");

        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));
        cluster.Pass(TimeSpan.FromMinutes(2));

        Assert.That(Voters(leader), Is.EquivalentTo(cluster.Servers.Where(s => s != dead).Select(s => s.Id)));
    }

    [Test]
    public void Two_dead_of_five_are_removed_in_turn_and_a_third_is_not()
    {
        using VirtualCluster cluster = Running(Careful, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        cluster.Kill(others[0]);
        cluster.Kill(others[1]);
        cluster.Pass(TimeSpan.FromSeconds(55));
        Assert.That((Voters(leader).Length, Tolerance(cluster, leader)), Is.EqualTo((5, 0)));
        cluster.Pass(TimeSpan.FromSeconds(10));
        Assert.That((Voters(leader).Length, Tolerance(cluster, leader)), Is.EqualTo((3, 1)));

        cluster.Kill(others[2]);
        cluster.Pass(TimeSpan.FromMinutes(10));

        Assert.That((Voters(leader).Length, Tolerance(cluster, leader)), Is.EqualTo((3, 0)));
    }

    [Test]
    public void Who_comes_back_in_time_is_not_removed_and_its_silence_counts_anew()
    {
        using VirtualCluster cluster = Running(Careful, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer flaps = cluster.Servers.First(s => s != leader);
        for (int i = 0; i < 5; i++)
        {
            cluster.Kill(flaps);
            cluster.Pass(TimeSpan.FromSeconds(50));
            cluster.Start(flaps);
            cluster.Pass(TimeSpan.FromSeconds(5));
        }

        Assert.That(Voters(leader), Has.Length.EqualTo(5));
    }

    [Test]
    public void No_voter_is_removed_while_another_only_answers_heartbeats_and_could_commit_nothing_without_it()
    {
        using VirtualCluster cluster = Running(Careful, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        others[0].Stores.HoldLogWrites = true;
        cluster.Kill(others[1]);
        cluster.Kill(others[2]);
        cluster.Pass(TimeSpan.FromMinutes(5));
        Assert.That((leader.Node!.State, Voters(leader).Length), Is.EqualTo((RaftState.Leader, 5)));

        cluster.Start(others[1]);

        Assert.That(cluster.Run(cluster.Apply(leader, "a")).Response, Is.EqualTo("a"), "with who came back there is a majority");
        others[0].Stores.ReleaseWrites();
        cluster.Pass(TimeSpan.FromMinutes(3));
        Assert.That(Voters(leader), Is.EquivalentTo(cluster.Servers.Where(s => s != others[2]).Select(s => s.Id)), "only who is dead");
    }

    [Test]
    public void Who_can_be_done_without_is_removed_though_nothing_can_be_committed_with_it()
    {
        using VirtualCluster cluster = Running(Careful, servers: 4, founders: 4);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        others[0].Stores.HoldLogWrites = true;
        cluster.Kill(others[1]);
        Task<ApplyResult> write = cluster.Apply(leader, "a");
        cluster.Pass(TimeSpan.FromSeconds(30));
        Assert.That(write.IsCompleted, Is.False, "two of four");

        cluster.Pass(TimeSpan.FromSeconds(40));

        Assert.That(cluster.Run(write).Response, Is.EqualTo("a"), "two of three");
        Assert.That(Voters(leader), Has.Length.EqualTo(3));
        others[0].Stores.ReleaseWrites();
    }

    [Test]
    public void An_operator_may_remove_whom_it_waits_for()
    {
        using VirtualCluster cluster = Running(Careful, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        others[0].Stores.HoldLogWrites = true;
        cluster.Kill(others[1]);
        cluster.Kill(others[2]);
        cluster.Pass(TimeSpan.FromMinutes(2));

        Task<ApplyResult> first = leader.Node!.RemoveServerAsync(others[1].Id);
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Start(others[2]);
        cluster.Run(first);

        Assert.That(Voters(leader), Has.Length.EqualTo(4));
        others[0].Stores.ReleaseWrites();
    }

    [Test]
    public void A_leader_that_is_removed_by_an_operator_removes_nobody_meanwhile()
    {
        using VirtualCluster cluster = Running(Careful with { RemoveDeadAfter = TimeSpan.FromSeconds(2) }, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Kill(cluster.Servers.First(s => s != leader));
        cluster.Network.Filter = static (_, _, request) => request is not TimeoutNowRequest;
        cluster.Pass(TimeSpan.FromSeconds(1.5));

        cluster.Run(leader.Node!.RemoveServerAsync(leader.Id));
        cluster.Pass(TimeSpan.FromSeconds(20));

        Assert.That(cluster.Servers.Count(s => s.Node is { State: RaftState.Leader }), Is.EqualTo(1));
        Assert.That(leader.Node?.Completion.IsFaulted, Is.Not.True);
    }

    [Test]
    public void A_server_that_was_removed_and_added_again_counts_as_silent_from_then_on()
    {
        using VirtualCluster cluster = Running(Careful with { PromotesNonvoters = false }, servers: 4, founders: 4);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer dead = cluster.Servers.First(s => s != leader);
        cluster.Kill(dead);
        cluster.Pass(TimeSpan.FromSeconds(59));
        cluster.Run(leader.Node!.RemoveServerAsync(dead.Id));
        cluster.Run(leader.Node.AddNonvoterAsync(dead.Id, dead.Address));

        cluster.Pass(TimeSpan.FromSeconds(50));
        Assert.That(Suffrage(leader, dead), Is.EqualTo(ServerSuffrage.Nonvoter));
        cluster.Pass(TimeSpan.FromSeconds(15));
        Assert.That(Suffrage(leader, dead), Is.Null);
    }

    [Test]
    public void Who_is_removed_by_an_operator_stays_so_though_it_was_to_be_promoted()
    {
        using VirtualCluster cluster = Running(new AutopilotConfig { SteadyFor = TimeSpan.FromSeconds(1) }, servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        for (int i = 0; i < 40; i++)
        {
            cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));
            cluster.Pass(TimeSpan.FromMilliseconds(100 * i));
            cluster.Run(leader.Node.RemoveServerAsync(joins.Id));
            cluster.Pass(TimeSpan.FromSeconds(3));
            Assert.That(Suffrage(leader, joins), Is.Null, $"removed after {100 * i} ms");
        }
    }

    [Test]
    public void A_leader_that_hears_no_majority_removes_nobody()
    {
        using VirtualCluster cluster = Running(
            Careful with { RemoveDeadAfter = TimeSpan.FromSeconds(2), VotersMin = 1 }, servers: 5, founders: 5);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer other in cluster.Servers.Where(s => s != leader).Take(3))
        {
            cluster.Kill(other);
        }

        cluster.Pass(TimeSpan.FromMinutes(10));

        Assert.That(Voters(leader), Has.Length.EqualTo(5));
    }

    [Test]
    public void By_default_nothing_is_done()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));

        cluster.Pass(TimeSpan.FromMinutes(2));

        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Nonvoter));
    }

    [Test]
    public void Settings_that_make_no_sense_are_refused()
    {
        var config = new RaftConfig { LocalId = "a" };
        Assert.That(() => (config with { Autopilot = new() { VotersMin = 0 } }).Validate(), Throws.ArgumentException);
        Assert.That(
            () => (config with { Autopilot = new() { RemoveDeadAfter = config.HeartbeatTimeout } }).Validate(), Throws.ArgumentException);
        Assert.That(() => (config with { Autopilot = new() { SteadyFor = -TimeSpan.FromTicks(1) } }).Validate(), Throws.ArgumentException);
        Assert.That(() => (config with { Autopilot = new(), ProtocolVersion = 2 }).Validate(), Throws.ArgumentException);
        Assert.That(() => (config with { Autopilot = new() }).Validate(), Throws.Nothing);
    }

    private static VirtualCluster Running(AutopilotConfig autopilot, int servers, int founders) => VirtualCluster.Running(
        servers, server => server.Config = server.Config with { Autopilot = autopilot }, founders: founders);

    private static ServerId[] Voters(VirtualServer leader) =>
        [.. leader.Node!.Core.State.Configuration.Servers.Where(s => s.IsVoter).Select(s => s.Id)];

    private static int? Tolerance(VirtualCluster cluster, VirtualServer leader) =>
        cluster.Run(leader.Node!.GetStatusAsync()).FailureTolerance;

    private static ServerSuffrage? Suffrage(VirtualServer leader, VirtualServer server) =>
        leader.Node!.Core.State.Configuration.Find(server.Id)?.Suffrage;
}
