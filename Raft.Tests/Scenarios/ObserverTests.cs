using System.Threading.Channels;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What a node tells observers, and that no observer holds it up.</summary>
public sealed class ObserverTests
{
    [Test]
    [Reference("d18")]
    public void Roles_and_leaders_are_told_in_order_and_the_end_too()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        (Observer observer, ChannelReader<Observation> seen) = Observe(
            old, filter: o => o is RaftStateObservation or LeaderObservation);

        cluster.Network.Isolate(old.Address, others.Select(s => s.Address));
        VirtualServer next = cluster.AwaitLeader(others);
        cluster.Await("the old leader stepped down", () => old.Node!.State != RaftState.Leader);
        cluster.Network.Heal();
        cluster.Await("it knows the next", () => old.Node!.Leader.Id == next.Id);
        cluster.Run(old.Node!.ShutdownAsync());

        List<Observation> told = [.. Read(seen)];
        Assert.That(told[0], Is.EqualTo(new LeaderObservation(default, default)));
        Assert.That(told[1], Is.EqualTo(new RaftStateObservation(RaftState.Follower)));
        Assert.That(told, Does.Contain(new LeaderObservation(next.Id, next.Address)));
        Assert.That(told[^1], Is.EqualTo(new RaftStateObservation(RaftState.Shutdown)));
        Assert.That(
            told.OfType<RaftStateObservation>().Zip(told.OfType<RaftStateObservation>().Skip(1)).All(p => p.First != p.Second),
            Is.True, "a role is told only when it changes");
        Assert.That((observer.ObservedCount, observer.DroppedCount), Is.EqualTo((told.Count, 0)));
    }

    [Test]
    public void Requests_for_votes_are_told_whatever_becomes_of_them()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        (_, ChannelReader<Observation> seen) = Observe(
            leader, filter: o => o is VoteRequestObservation or PreVoteRequestObservation);
        VirtualServer asks = cluster.Servers.First(s => s != leader);

        cluster.Network.Filter = (from, to, request) => !(to == asks.Address && request is AppendEntriesRequest);
        cluster.Await("it asks the leader whether it would vote", () => seen.Count > 0);

        Assert.That(Read(seen).First(), Is.TypeOf<PreVoteRequestObservation>().With.Property("Request").Property("Header")
            .Property("Id").EqualTo(asks.Id));
        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader));
    }

    [Test]
    public void A_leader_tells_of_heartbeats_that_fail_and_of_the_first_that_is_answered_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer cut = cluster.Servers.First(s => s != leader);
        (_, ChannelReader<Observation> seen) = Observe(
            leader, filter: o => o is FailedHeartbeatObservation or ResumedHeartbeatObservation);

        cluster.Network.Isolate(cut.Address, cluster.Servers.Where(s => s != cut).Select(s => s.Address));
        cluster.Await("several failed", () => seen.Count >= 3);
        cluster.Network.Heal();
        cluster.Pass(TimeSpan.FromSeconds(10));

        List<Observation> told = [.. Read(seen)];
        FailedHeartbeatObservation[] failed = [.. told.OfType<FailedHeartbeatObservation>()];
        Assert.That(told.OfType<ResumedHeartbeatObservation>(), Is.EqualTo(new[] { new ResumedHeartbeatObservation(cut.Id) }));
        Assert.That(told[^1], Is.TypeOf<ResumedHeartbeatObservation>());
        Assert.That(failed.Select(f => f.PeerId), Is.All.EqualTo(cut.Id));
        Assert.That(failed[1].LastContact, Is.GreaterThan(failed[0].LastContact!.Value));
    }

    [Test]
    public void A_leader_tells_of_servers_that_it_begins_to_send_to_and_that_it_removed()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer gone = cluster.Servers.First(s => s != leader);
        (_, ChannelReader<Observation> seen) = Observe(leader, filter: o => o is PeerObservation);

        cluster.Run(leader.Node!.RemoveServerAsync(gone.Id));
        cluster.Run(leader.Node.AddNonvoterAsync(gone.Id, gone.Address));
        cluster.Run(leader.Node.AddVoterAsync(gone.Id, gone.Address));

        Assert.That(Read(seen).Cast<PeerObservation>().Select(o => (o.Server.Id, o.IsRemoved)),
            Is.EqualTo(new[] { (gone.Id, true), (gone.Id, false) }), "a promotion is neither");
    }

    [Test]
    public void An_observer_without_room_loses_what_comes_and_the_node_goes_on()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        var channel = Channel.CreateBounded<Observation>(1);
        var observer = new Observer(channel);
        leader.Node!.RegisterObserver(observer);
        VirtualServer cut = cluster.Servers.First(s => s != leader);

        cluster.Network.Isolate(cut.Address, cluster.Servers.Where(s => s != cut).Select(s => s.Address));
        cluster.Await("some were dropped", () => observer.DroppedCount >= 3);

        Assert.That(observer.ObservedCount, Is.EqualTo(1));
        cluster.Run(cluster.Apply(leader, "goes on"));
    }

    [Test]
    public void A_blocking_observer_waits_for_its_reader_while_the_node_goes_on_and_stops()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        var channel = Channel.CreateBounded<Observation>(1);
        var observer = new Observer(channel, blocking: true);
        leader.Node!.RegisterObserver(observer);
        (_, ChannelReader<Observation> other) = Observe(leader);
        VirtualServer cut = cluster.Servers.First(s => s != leader);

        cluster.Network.Isolate(cut.Address, cluster.Servers.Where(s => s != cut).Select(s => s.Address));
        cluster.Await("another observer heard many", () => other.Count >= 5);
        cluster.Run(cluster.Apply(leader, "goes on"));
        Assert.That((observer.ObservedCount, observer.DroppedCount), Is.EqualTo((1, 0)));
        List<Observation> read = [];
        cluster.Await("what waited comes in order", () =>
        {
            read.AddRange(Read(channel.Reader));
            return read.Count >= 5;
        });

        Assert.That(read.Take(5), Is.EqualTo(Read(other).Take(5)));
        cluster.Run(leader.Node.ShutdownAsync());
    }

    [Test]
    public void A_filter_that_fails_drops_the_observation_and_nothing_else()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        (Observer failing, _) = Observe(leader, filter: static _ => throw new InvalidOperationException("no"));
        (_, ChannelReader<Observation> seen) = Observe(leader);

        cluster.Run(leader.Node!.TransferLeadershipAsync());
        cluster.Await("another leads", () => leader.Node.State == RaftState.Follower);

        Assert.That(failing.DroppedCount, Is.GreaterThan(0));
        Assert.That(Read(seen), Does.Contain(new RaftStateObservation(RaftState.Follower)));
        Assert.That(leader.Node.Completion.IsCompleted, Is.False);
    }

    [Test]
    public void A_channel_that_ended_with_an_error_costs_the_observer_its_observations_and_nothing_else()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        var ended = Channel.CreateBounded<Observation>(1);
        ended.Writer.Complete(new IOException("the reader went away"));
        var observer = new Observer(ended, blocking: true);
        leader.Node!.RegisterObserver(observer);

        cluster.Run(leader.Node.TransferLeadershipAsync());
        cluster.Await("another leads", () => leader.Node.State == RaftState.Follower);

        Assert.That(observer.DroppedCount, Is.GreaterThan(0));
        Assert.That(leader.Node.Completion.IsCompleted, Is.False);
    }

    [Test]
    public void A_deregistered_observer_that_was_waited_for_is_waited_for_no_longer()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        var full = Channel.CreateBounded<Observation>(1);
        var observer = new Observer(full, blocking: true);
        leader.Node!.RegisterObserver(observer);
        VirtualServer cut = cluster.Servers.First(s => s != leader);
        cluster.Network.Isolate(cut.Address, cluster.Servers.Where(s => s != cut).Select(s => s.Address));
        cluster.Await("one was told", () => observer.ObservedCount == 1);
        cluster.Pass(TimeSpan.FromSeconds(1));

        leader.Node.DeregisterObserver(observer);
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        full.Reader.TryRead(out _);
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That((full.Reader.Count, observer.DroppedCount), Is.EqualTo((0, 1L)));
    }

    [Test]
    public void A_deregistered_observer_hears_nothing_more_and_one_registered_twice_hears_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        (Observer twice, ChannelReader<Observation> heard) = Observe(leader, filter: o => o is RaftStateObservation);
        leader.Node!.RegisterObserver(twice);
        (Observer off, ChannelReader<Observation> silent) = Observe(leader);
        leader.Node.DeregisterObserver(off);

        cluster.Run(leader.Node.TransferLeadershipAsync());
        cluster.Await("another leads", () => leader.Node.State == RaftState.Follower);

        Assert.That(Read(heard), Is.EqualTo(new[] { new RaftStateObservation(RaftState.Follower) }));
        Assert.That(Read(silent), Is.Empty);
    }

    private static (Observer Observer, ChannelReader<Observation> Seen) Observe(
        VirtualServer server, Predicate<Observation>? filter = null)
    {
        var channel = Channel.CreateUnbounded<Observation>();
        var observer = new Observer(channel, filter: filter);
        server.Node!.RegisterObserver(observer);
        return (observer, channel.Reader);
    }

    private static IEnumerable<Observation> Read(ChannelReader<Observation> channel)
    {
        while (channel.TryRead(out Observation? observation))
        {
            yield return observation;
        }
    }
}
