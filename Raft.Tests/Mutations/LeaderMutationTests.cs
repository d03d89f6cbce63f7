using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Replication;
using Raft.Storage;
using Raft.Tests.Support;
using Raft.Timing;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Mutations;

/// <summary>The bugs that can be planted in a candidate and in a leader.</summary>
public sealed class LeaderMutationTests
{
    [Test]
    public void VoteRequestBeforeDurable_asks_before_the_own_vote_is_on_disk([Values] bool isPlanted)
    {
        using var cluster = new VirtualCluster(
            servers: 3, prepare: null, Planted.If(isPlanted, Mutation.VoteRequestBeforeDurable));
        cluster.StartAll();
        VirtualServer candidate = cluster.Servers[0];
        cluster.Run(candidate.Node!.BootstrapClusterAsync(cluster.Founders));
        int asked = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            asked += request is RequestVoteRequest ? 1 : 0;
            return true;
        };

        candidate.Stores.HoldRecordWrites = true;
        cluster.Await("it campaigns", () => candidate.Node.Term == 2);
        cluster.Pass(TimeSpan.FromMilliseconds(100));

        Assert.That(asked, Is.EqualTo(isPlanted ? 2 : 0));
        candidate.Stores.ReleaseWrites();
    }

    [Test]
    public void ReadWithoutQuorum_answers_reads_that_nobody_confirmed([Values] bool isPlanted)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, prepare: null, Planted.If(isPlanted, Mutation.ReadWithoutQuorum));
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));

        Task<ulong> read = leader.Node!.ReadIndexAsync();
        cluster.Await("the read ended", () => read.IsCompleted);

        Assert.That(read.IsCompletedSuccessfully, Is.EqualTo(isPlanted));
    }

    [TestCase(false, 3ul)]
    [TestCase(true, 7ul)]
    public void PreSentAcknowledgement_answers_questions_that_came_after_the_request(bool isPlanted, ulong round)
    {
        using var server = new LoneFollower();
        var events = new Events();
        Leadership leadership = LeadershipOf(server.Server, events, Planted.If(isPlanted, Mutation.PreSentAcknowledgement));
        leadership.Round = 7;

        new Peer(leadership, new Server("n2", "addr2")).Acknowledged(matchIndex: 0, TimeSpan.Zero, round: 3);

        Assert.That(events.Posted.Single().Round, Is.EqualTo(round));
    }

    [Test]
    public void EarlierLeadershipMatch_commits_by_what_an_earlier_leadership_was_told([Values] bool isPlanted)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, prepare: null, Planted.If(isPlanted, Mutation.EarlierLeadershipMatch));
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer other = cluster.Servers.First(s => s != leader);
        var earlier = new Peer(
            LeadershipOf(leader, leader.Node!.Core.Inbox, Mutation.None), new Server(other.Id, other.Address));
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        _ = cluster.Apply(leader, "a");
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        earlier.Acknowledged(leader.Node.LastIndex, TimeSpan.Zero, round: 0);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Assert.That(leader.Node.CommitIndex == leader.Node.LastIndex, Is.EqualTo(isPlanted));
    }

    [Test]
    public void PipelineWaitsForReader_leaves_a_follower_without_entries([Values] bool isPlanted)
    {
        using var cluster = new VirtualCluster(
            servers: 2, prepare: null, Planted.If(isPlanted, Mutation.PipelineWaitsForReader));
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2);
        var transport = new ScriptedTransport
        {
            Grants = true,
            Pipelines = () => new StuckPipeline(cluster.Clock, TimeSpan.FromMilliseconds(500)),
        };
        RaftNode node = cluster.Start(server, transport);
        cluster.Await("it leads", () => node.State == RaftState.Leader);

        cluster.Pass(TimeSpan.FromSeconds(10));

        Assert.That(transport.Opened == 1, Is.EqualTo(isPlanted));
        cluster.Run(node.ShutdownAsync());
        server.Node = null;
    }

    [Test]
    public void EntryBeforeTerm_writes_entries_before_the_term_that_waits([Values] bool isPlanted)
    {
        var clock = new VirtualClock();
        var stores = new VirtualStores(clock);
        Assert.That(stores.SaveAsync(new TermAndVote(1)).IsCompletedSuccessfully, Is.True);
        var writer = new LogWriter(
            stores, stores, new NodeClock(clock), new LoneWriter(), durableTerm: 1,
            new RaftMeter(meter: null, new NodeClock(clock)).Storage, Planted.If(isPlanted, Mutation.EntryBeforeTerm));

        writer.Append(Entries(1, 1));
        writer.Save(new TermAndVote(2));
        Task running = writer.RunAsync();
        writer.Stop();

        string[] expected = isPlanted ? ["append 1-1", "save term 2"] : ["save term 2", "append 1-1"];
        Assert.That(stores.History.Skip(1), Is.EqualTo(expected));
        Assert.That(running.IsFaulted, Is.False);
    }

    private static Leadership LeadershipOf(VirtualServer server, IPeerEvents events, Mutation mutation)
    {
        var clock = new NodeClock(new VirtualClock());
        var tasks = new TaskGroup(TaskScheduler.Default, static (_, _) => { });
        return new Leadership(
            Epoch: 0, Term: 1, server.Node!.Core.State, Writer: null!, Snapshots: null!, NeedSnapshot: null!, Transport: null!, Capabilities: null!,
            Asks: null!, new LiveConfig(server.Config), clock, new NodeRandom(seed: 1), tasks, events, Observers: null!,
            new RaftMeter(meter: null, clock), Logger: null!, mutation);
    }

    private sealed class Events : IPeerEvents
    {
        public List<PeerEvent> Posted { get; } = [];

        public void Post(in PeerEvent news) => Posted.Add(news);
    }

    private sealed class LoneWriter : IWriterEvents
    {
        public void LogDurable(ulong sequence)
        {
            // What is written is looked at in the store.
        }

        public void RecordDurable(ulong sequence)
        {
            // What is written is looked at in the store.
        }

        public void WriteFailed(Exception cause) => throw new InvalidOperationException("no write fails here", cause);
    }
}
