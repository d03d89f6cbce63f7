using Raft.Core;
using Raft.Mutations;
using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// One follower during one leadership: its replicator and its heartbeater, which share whom they speak to and what is
/// known of its log. Owned by the leader role; a follower that is removed and added again gets a new one.
/// </summary>
internal sealed class Peer
{
    private readonly Leadership _leadership;
    private readonly PeerReplicator _replicator;
    private readonly Heartbeater _heartbeater;

    public Peer(Leadership leadership, Server server)
    {
        _leadership = leadership;
        Server = server;
        Progress = new PeerProgress(leadership.State.Log.LastIndex);
        Tasks = leadership.Tasks;
        _replicator = new PeerReplicator(leadership, this);
        _heartbeater = new Heartbeater(leadership, this);
    }

    /// <summary>The follower.</summary>
    public Server Server { get; }

    /// <summary>How far its log matches.</summary>
    public PeerProgress Progress { get; }

    /// <summary>When it last answered; null for never in this leadership.</summary>
    public TimeSpan? LastAnswerAt { get; private set; }

    private TaskGroup Tasks { get; }

    /// <summary>Starts both tasks.</summary>
    public void Start()
    {
        Tasks.Start($"replication to {Server.Id}", _replicator.RunAsync);
        Tasks.Start($"heartbeats to {Server.Id}", _heartbeater.RunAsync);
    }

    /// <summary>There is something new to send.</summary>
    public void WakeReplicator() => _replicator.Wake();

    /// <summary>A new question waits for an answer to a request sent from now on.</summary>
    public void WakeHeartbeater() => _heartbeater.Wake();

    /// <summary>The follower accepted a request of this term.</summary>
    public void Acknowledged(ulong matchIndex, TimeSpan sentAt, ulong round)
    {
        LastAnswerAt = _leadership.Clock.Now;
        ulong answered = _leadership.Mutation == Mutation.PreSentAcknowledgement ? _leadership.Round : round;
        Post(PeerEventKind.Acknowledged, _leadership.Term, matchIndex, sentAt, answered);
    }

    /// <summary>The follower is in a newer term.</summary>
    public void SawHigherTerm(ulong term) => Post(PeerEventKind.HigherTerm, term, 0, default, 0);

    /// <summary>The follower lacks entries that it had acknowledged.</summary>
    public void LostEntries(ulong matchIndex) =>
        Post(PeerEventKind.LostEntries, _leadership.Term, matchIndex, default, 0);

    private void Post(PeerEventKind kind, ulong term, ulong matchIndex, TimeSpan sentAt, ulong round) =>
        _leadership.Events.Post(new PeerEvent(kind, this, _leadership.Epoch, term, matchIndex, sentAt, round));
}
