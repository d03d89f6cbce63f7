using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Replication;

/// <summary>
/// One follower during one leadership: its replicator and its heartbeater, which share whom they speak to and what is
/// known of its log. Owned by the leader role; a follower that is removed and added again gets a new one.
/// </summary>
internal sealed class Peer : IDisposable
{
    private readonly Leadership _leadership;
    private readonly CancellationTokenSource _stop;
    private readonly PeerReplicator _replicator;
    private readonly Heartbeater _heartbeater;

    public Peer(Leadership leadership, Server server)
    {
        _leadership = leadership;
        Server = server;
        Progress = new PeerProgress(leadership.State.Log.LastIndex);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(leadership.Tasks.Stopping);
        Stopping = _stop.Token;
        Pin = new LogPin(leadership);
        BeganAt = leadership.Clock.Now;
        Meter = leadership.Meter.Replication.Of(server.Id);
        _replicator = new PeerReplicator(leadership, this);
        _heartbeater = new Heartbeater(leadership, this);
    }

    /// <summary>The follower, as the configuration in force names it.</summary>
    public Server Server { get; set; }

    /// <summary>How far its log matches.</summary>
    public PeerProgress Progress { get; }

    /// <summary>What it needs of the log behind a snapshot that it was sent.</summary>
    public LogPin Pin { get; }

    /// <summary>What is measured of it.</summary>
    public PeerMeter Meter { get; }

    /// <summary>Since when it is spoken to.</summary>
    public TimeSpan BeganAt { get; }

    /// <summary>When it last answered; null for never in this leadership.</summary>
    public TimeSpan? LastAnswerAt { get; private set; }

    /// <summary>Since when it has answered with no gap longer than a heartbeat timeout; null for never in this leadership.</summary>
    public TimeSpan? AnswersSince { get; private set; }

    /// <summary>The highest index that it holds and was told to be committed.</summary>
    public ulong ToldCommitIndex { get; set; }

    /// <summary>The highest index that it waits for to be committed, or to hear that it is.</summary>
    public ulong WantedCommitIndex { get; set; }

    /// <summary>
    /// Until when it is left alone, because it was told to campaign: Go before 1.3.4 follows again, and campaigns no more, when a
    /// heartbeat meets it before its new term is on its disk.
    /// </summary>
    public TimeSpan QuietUntil { get; private set; }

    /// <summary>Whether it has answered, to this leadership, a question that only servers of this library know.</summary>
    public bool IsOurs { get; private set; }

    /// <summary>Cancelled when the follower is spoken to no more.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Starts both tasks.</summary>
    public void Start()
    {
        _leadership.Tasks.Start($"replication to {Server.Id}", _replicator.RunAsync);
        _leadership.Tasks.Start($"heartbeats to {Server.Id}", _heartbeater.RunAsync);
    }

    /// <summary>Ends both tasks: the follower was removed, or its leadership is over.</summary>
    public void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (AggregateException fault)
        {
            // A callback of a transport failed to end what it waits for: the group's owner hears of it.
            _leadership.Tasks.Start($"end of the connections to {Server.Id}", () => Task.FromException(fault));
        }
    }

    /// <summary>Sends it nothing before a time, by which it should lead.</summary>
    public void LeaveAlone(TimeSpan until)
    {
        QuietUntil = until;
        _replicator.Wake();
        _heartbeater.Wake();
    }

    /// <summary>It is of this library.</summary>
    public void NoteOurs()
    {
        IsOurs = true;
        _replicator.Wake();
    }

    /// <summary>A connection is made anew: who answers at its end is to be found out.</summary>
    public void ForgetOurs() => IsOurs = false;

    /// <summary>There is something new to send.</summary>
    public void WakeReplicator() => _replicator.Wake();

    /// <summary>A new question waits for an answer to a request sent from now on.</summary>
    public void WakeHeartbeater() => _heartbeater.Wake();

    /// <summary>
    /// Refuses an answer of another server: what that one holds is not held by the follower, and whom it hears says nothing
    /// of whom the follower hears. It is no answer of the follower, as if the call had failed.
    /// </summary>
    /// <exception cref="TransportException">Another server answered.</exception>
    public void RequireFrom(RpcResponse answer)
    {
        if (!answer.IsFrom(Server.Id))
        {
            throw new TransportException(
                TransportFailure.Malformed, $"{answer.Header.Id} answers at {Server.Address} in the place of {Server.Id}");
        }
    }

    /// <summary>The follower accepted a request of this term.</summary>
    public void Acknowledged(ulong matchIndex, TimeSpan sentAt, ulong round, TimeSpan promise = default)
    {
        TimeSpan now = _leadership.Clock.Now;
        bool isGap = LastAnswerAt is not { } last || now - last > _leadership.Config.HeartbeatTimeout;
        AnswersSince = isGap ? now : AnswersSince;
        LastAnswerAt = now;
        Pin.MoveTo(Progress.MatchIndex);
        ulong answered = _leadership.Mutation == Mutation.PreSentAcknowledgement ? _leadership.Round : round;
        Post(PeerEventKind.Acknowledged, _leadership.Term, matchIndex, sentAt, answered, promise);
    }

    /// <summary>The follower is in a newer term.</summary>
    public void SawHigherTerm(ulong term) => Post(PeerEventKind.HigherTerm, term, 0, default, 0);

    /// <summary>The follower lacks entries that it had acknowledged.</summary>
    public void LostEntries(ulong matchIndex) =>
        Post(PeerEventKind.LostEntries, _leadership.Term, matchIndex, default, 0);

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private void Post(
        PeerEventKind kind, ulong term, ulong matchIndex, TimeSpan sentAt, ulong round, TimeSpan promise = default) =>
        _leadership.Events.Post(new PeerEvent(kind, this, _leadership.Epoch, term, matchIndex, sentAt, round, promise));
}
