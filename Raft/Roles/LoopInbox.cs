using System.Threading.Channels;
using Raft.Core;
using Raft.Fsm;
using Raft.Observability;
using Raft.Replication;
using Raft.Rpc;
using Raft.Snapshots;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Roles;

/// <summary>
/// Everything that reaches the loop, each kind in a channel of its own, behind one wake signal. The loop drains them in
/// the order of their urgency.
/// </summary>
internal sealed class LoopInbox(
    ApplyQueue applies, HeartbeatGate gate, PeerCapabilities capabilities, IAskReceiver asks, ObserverHub observers,
    NodeBoard board)
    : IRpcReceiver, IWriterEvents, IPeerEvents, IFsmEvents, ISnapshotEvents
{
    private readonly Channel<IncomingRpc> _rpcs = Channel.CreateUnbounded<IncomingRpc>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<IncomingRpc> _appends = Channel.CreateUnbounded<IncomingRpc>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<LoopRequest> _requests = Channel.CreateUnbounded<LoopRequest>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<object> _snapshots = Channel.CreateUnbounded<object>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Queue<PeerEvent> _peerEvents = new();
    private readonly Queue<VoteEvent> _voteEvents = new();
    private volatile bool _isStopRequested;
    private volatile bool _isStopPlanned;
    private volatile Exception? _failure;
    private volatile Disconnection? _disconnected;

    /// <summary>Set after every entry.</summary>
    public WakeSignal Wake { get; } = new();

    /// <summary>Votes, heartbeats and other requests that do not speak of the log. How many wait is bounded by the transport.</summary>
    public ChannelReader<IncomingRpc> Rpcs => _rpcs.Reader;

    /// <summary>Appends. How many wait is bounded by the transport.</summary>
    public ChannelReader<IncomingRpc> Appends => _appends.Reader;

    /// <summary>Questions of callers. How many wait is bounded where callers come in.</summary>
    public ChannelReader<LoopRequest> Requests => _requests.Reader;

    /// <summary>Snapshots that were taken or received (<see cref="TakenSnapshot"/>, <see cref="ReceivedSnapshot"/>): a few.</summary>
    public ChannelReader<object> Snapshots => _snapshots.Reader;

    /// <summary>Commands of callers.</summary>
    public ApplyQueue Applies => applies;

    /// <summary>News from followers.</summary>
    public Queue<PeerEvent> PeerEvents => _peerEvents;

    /// <summary>Answers of voters.</summary>
    public Queue<VoteEvent> VoteEvents => _voteEvents;

    /// <summary>The last durable log sequence reported.</summary>
    public ulong LogDurableSequence { get; private set; }

    /// <summary>The last durable record sequence reported.</summary>
    public ulong RecordDurableSequence { get; private set; }

    /// <summary>Whether the node is to stop.</summary>
    public bool IsStopRequested => _isStopRequested;

    /// <summary>Why the node cannot go on, if it cannot.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether a leader may hand over before. Not any more once somebody wants it to end at once.</summary>
    public bool IsStopPlanned => _isStopPlanned;

    /// <summary>Whether all requests that have come were taken.</summary>
    public bool IsDrained => !_rpcs.Reader.TryPeek(out _) && !_appends.Reader.TryPeek(out _);

    /// <summary>Takes the news that all connections from a server have ended, unless a request of it has come since; null where there is none.</summary>
    public Disconnection? TakeDisconnected() => _disconnected is null ? null : Interlocked.Exchange(ref _disconnected, null);

    /// <summary>Asks the loop to end.</summary>
    /// <param name="isPlanned">Whether a leader may hand over before.</param>
    public void RequestStop(bool isPlanned = false)
    {
        _isStopPlanned = isPlanned && (_isStopPlanned || !_isStopRequested);
        _isStopRequested = true;
        Wake.Set();
    }

    /// <summary>The node cannot go on. The first reason counts.</summary>
    public void Fail(Exception cause)
    {
        _failure ??= cause;
        Wake.Set();
    }

    /// <summary>Takes nothing in any more: requests are refused where they arrive.</summary>
    public void Close()
    {
        _rpcs.Writer.TryComplete();
        _appends.Writer.TryComplete();
        _requests.Writer.TryComplete();
        _snapshots.Writer.TryComplete();
        applies.Close();
    }

    /// <summary>Puts a question in.</summary>
    /// <returns>False after the node was stopped.</returns>
    public bool TryAdd(LoopRequest request)
    {
        if (!_requests.Writer.TryWrite(request))
        {
            return false;
        }

        Wake.Set();
        return true;
    }

    void IRpcReceiver.Receive(IncomingRpc rpc)
    {
        if (observers.IsHeard)
        {
            Tell(rpc.Request);
        }

        if (_disconnected is { } gone && gone.Server == rpc.Request.Header.Id)
        {
            // It is back, and has a word to say.
            Interlocked.CompareExchange(ref _disconnected, null, gone);
        }

        switch (rpc.Request)
        {
            case AskRequest ask:
                capabilities.NoteKnown(ask.Header.Id);
                asks.Receive(rpc, ask);
                return;
            case AppendEntriesRequest append when gate.TryAnswer(append) is { } answer:
                rpc.Respond(answer);
                return;
            case AppendEntriesRequest { IsHeartbeat: false }:
                // One queue for all that speaks of the log, in the order in which its leader sent it.
                Put(_appends, rpc);
                return;
            default:
                Put(_rpcs, rpc);
                return;
        }
    }

    // There is one place, whatever names strangers give themselves, and none of them takes it from the leader. A server may also be about to be
    // known as the leader: by a request that came before the end and waits.
    void IRpcReceiver.Disconnected(ServerId server)
    {
        ServerId leader = board.Leader.Id;
        if (!server.IsEmpty && (server == leader || _disconnected is not { } waiting || waiting.Server != leader))
        {
            _disconnected = new Disconnection(server);
            Wake.Set();
        }
    }

    void IWriterEvents.LogDurable(ulong sequence)
    {
        LogDurableSequence = sequence;
        Wake.Set();
    }

    void IWriterEvents.RecordDurable(ulong sequence)
    {
        RecordDurableSequence = sequence;
        Wake.Set();
    }

    void IWriterEvents.WriteFailed(Exception cause) => Fail(new RaftFatalException(
        $"A store refused a write, so what it holds can no longer be trusted to be complete: {cause.Message}", cause));

    void IPeerEvents.Post(in PeerEvent news)
    {
        _peerEvents.Enqueue(news);
        Wake.Set();
    }

    /// <summary>Posts a voter's answer. Called on the loop scheduler.</summary>
    public void Post(in VoteEvent news)
    {
        _voteEvents.Enqueue(news);
        Wake.Set();
    }

    void IFsmEvents.Applied() => Wake.Set();

    bool ISnapshotEvents.TryPost(TakenSnapshot taken) => TryPost(taken);

    bool ISnapshotEvents.TryPost(ReceivedSnapshot received) => TryPost(received);

    private void Tell(RpcRequest request)
    {
        if (request is RequestVoteRequest vote)
        {
            observers.Tell(new VoteRequestObservation(vote));
        }
        else if (request is RequestPreVoteRequest preVote)
        {
            observers.Tell(new PreVoteRequestObservation(preVote));
        }
    }

    private bool TryPost(object news)
    {
        bool isTaken = _snapshots.Writer.TryWrite(news);
        Wake.Set();
        return isTaken;
    }

    private void Put(Channel<IncomingRpc> channel, IncomingRpc rpc)
    {
        if (channel.Writer.TryWrite(rpc))
        {
            Wake.Set();
        }
        else
        {
            rpc.Respond(null, "the node was stopped");
        }
    }

    /// <summary>All connections from a server have ended.</summary>
    /// <param name="Server">The server.</param>
    internal sealed record Disconnection(ServerId Server);
}
