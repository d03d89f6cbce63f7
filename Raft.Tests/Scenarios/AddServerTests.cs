using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Servers that are added without endangering the cluster (thesis 4.2.1).</summary>
public sealed class AddServerTests
{
    [Test]
    [Reference("g14")]
    public void A_server_gets_its_vote_when_it_has_caught_up_and_stayed_so_and_its_adder_hears_how_far_it_is()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Run(Task.WhenAll(Enumerable.Range(0, 200).Select(i => cluster.Apply(leader, $"{i}"))));
        var seen = new List<CatchUp>();

        Task<ApplyResult> added = leader.Node!.AddServerAsync(
            joins.Id, joins.Address, steadyFor: TimeSpan.FromSeconds(3), new Heard(seen.Add));
        cluster.Pass(TimeSpan.FromSeconds(5));
        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Nonvoter), "it does not run yet");
        Assert.That(seen[^1].Stage, Is.EqualTo(CatchUpStage.CatchingUp));
        TimeSpan started = cluster.Clock.Now;
        cluster.Start(joins);
        ApplyResult result = cluster.Run(added);

        Assert.That(cluster.Clock.Now - started, Is.GreaterThan(TimeSpan.FromSeconds(3)));
        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Voter));
        Assert.That(result.Index, Is.EqualTo(leader.Node.LastIndex));
        Assert.That(
            seen.Select(s => s.Stage).Distinct(),
            Is.EqualTo(new[]
            {
                CatchUpStage.Joining, CatchUpStage.CatchingUp, CatchUpStage.Steadying, CatchUpStage.Promoting, CatchUpStage.Voting,
            }));
        Assert.That(joins.Fsm.Applied, Has.Count.EqualTo(200));
    }

    [Test]
    public void A_server_that_cannot_keep_up_gets_no_vote()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Network.RequestDelay = (to, request) =>
            to == joins.Address && request is AppendEntriesRequest { Entries.Count: > 0 } ? leader.Config.ElectionTimeout * 2 : TimeSpan.Zero;
        using var end = new CancellationTokenSource();

        Task<ApplyResult> added = leader.Node!.AddServerAsync(joins.Id, joins.Address, cancellationToken: end.Token);
        for (int i = 0; i < 40; i++)
        {
            cluster.Run(cluster.Apply(leader, $"{i}"));
            cluster.Pass(TimeSpan.FromMilliseconds(500));
        }

        Assert.That((added.IsCompleted, Suffrage(leader, joins)), Is.EqualTo((false, ServerSuffrage.Nonvoter)));
        end.Cancel();
        Assert.That(() => cluster.Run(added), Throws.InstanceOf<OperationCanceledException>());
        cluster.Network.RequestDelay = null;
        cluster.Pass(TimeSpan.FromSeconds(10));
        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Nonvoter), "nobody waits for its vote any more");
    }

    [Test]
    public void A_server_that_has_everything_but_does_not_answer_gets_no_vote()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Kill(joins);
        cluster.Pass(leader.Config.HeartbeatTimeout * 2);

        Task<ApplyResult> added = leader.Node.AddServerAsync(joins.Id, joins.Address);
        cluster.Pass(TimeSpan.FromSeconds(30));

        Assert.That((added.IsCompleted, Suffrage(leader, joins)), Is.EqualTo((false, ServerSuffrage.Nonvoter)));
        cluster.Start(joins);
        cluster.Run(added);
        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Voter));
    }

    [Test]
    public void A_server_whose_disk_hangs_gets_no_vote_though_it_holds_everything_and_answers()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        cluster.Run(leader.Node!.AddNonvoterAsync(joins.Id, joins.Address));
        cluster.Pass(TimeSpan.FromSeconds(1));
        joins.Stores.HoldLogWrites = true;

        Task<ApplyResult> added = leader.Node.AddServerAsync(joins.Id, joins.Address);
        cluster.Pass(TimeSpan.FromSeconds(30));

        Assert.That((added.IsCompleted, Suffrage(leader, joins)), Is.EqualTo((false, ServerSuffrage.Nonvoter)));
        joins.Stores.ReleaseWrites();
        cluster.Run(added);
    }

    [Test]
    public void A_vote_that_others_gave_it_ends_it_and_their_demotion_stays()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        cluster.Start(joins);
        Task<ApplyResult> added = leader.Node!.AddServerAsync(joins.Id, joins.Address, steadyFor: TimeSpan.FromHours(1));
        cluster.Pass(TimeSpan.FromSeconds(1));

        cluster.Run(leader.Node.AddVoterAsync(joins.Id, joins.Address));
        cluster.Run(added);

        cluster.Run(leader.Node.DemoteVoterAsync(joins.Id));
        cluster.Pass(TimeSpan.FromMinutes(1));
        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Nonvoter), "nobody promotes it again");
    }

    [Test]
    public void The_next_leader_goes_on_where_the_one_before_ended()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        Task<ApplyResult> first = old.Node!.AddServerAsync(joins.Id, joins.Address);
        cluster.Pass(TimeSpan.FromSeconds(1));

        cluster.Run(old.Node.TransferLeadershipAsync());
        Assert.That(() => cluster.Run(first), Throws.TypeOf<NotLeaderException>());
        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Take(3)]);
        cluster.Start(joins);
        cluster.Run(leader.Node!.AddServerAsync(joins.Id, joins.Address));

        Assert.That(Suffrage(leader, joins), Is.EqualTo(ServerSuffrage.Voter));
    }

    [Test]
    public void A_server_that_is_removed_meanwhile_is_not_brought_back()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer joins = cluster.Servers[3];
        Task<ApplyResult> added = leader.Node!.AddServerAsync(joins.Id, joins.Address);
        cluster.Pass(TimeSpan.FromSeconds(1));

        cluster.Run(leader.Node.RemoveServerAsync(joins.Id));

        Assert.That(() => cluster.Run(added), Throws.TypeOf<ConfigurationChangeException>().With.Message.Contains("was removed"));
        Assert.That(cluster.Run(leader.Node.GetConfigurationAsync()).Configuration.Find(joins.Id), Is.Null);
    }

    [Test]
    public void One_that_votes_already_only_gets_the_address_and_a_follower_says_that_it_does_not_lead()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);

        cluster.Run(leader.Node!.AddServerAsync(follower.Id, follower.Address));

        Assert.That(Suffrage(leader, follower), Is.EqualTo(ServerSuffrage.Voter));
        Assert.That(() => cluster.Run(follower.Node!.AddServerAsync("n9", "addr9")), Throws.TypeOf<NotLeaderException>());
    }

    private static ServerSuffrage? Suffrage(VirtualServer leader, VirtualServer server) =>
        leader.Node!.Core.State.Configuration.Find(server.Id)?.Suffrage;

    private sealed class Heard(Action<CatchUp> hear) : IProgress<CatchUp>
    {
        public void Report(CatchUp value) => hear(value);
    }
}
