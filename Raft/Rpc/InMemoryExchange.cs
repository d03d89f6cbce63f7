namespace Raft.Rpc;

/// <summary>A call or a pipeline between two servers of an <see cref="InMemoryNetwork"/>, until it ends.</summary>
internal abstract class InMemoryExchange(InMemoryNetwork network, ServerAddress source, ServerAddress target)
{
    /// <summary>Its place among all of the network's; set once, by the network.</summary>
    public long Sequence { get; set; }

    /// <summary>Who asks.</summary>
    public ServerAddress Source { get; } = source;

    /// <summary>Who answers.</summary>
    public ServerAddress Target { get; } = target;

    /// <summary>The network between them.</summary>
    protected InMemoryNetwork Network { get; } = network;

    /// <summary>Ends it without a further answer, from any thread. The first end counts.</summary>
    public abstract void End(Exception reason);

    /// <summary>What is to become of an answer that is given now.</summary>
    /// <returns>Whether it arrives.</returns>
    protected bool AnswerArrives()
    {
        InMemoryLink back = Network.LinkOf(Target, Source);
        if (back == InMemoryLink.Disconnected)
        {
            End(new TransportException(TransportFailure.Broken, $"{Target} was disconnected from {Source}"));
        }

        return back == InMemoryLink.Connected;
    }

    /// <summary>Hands a request to the target, unless it vanishes on its way.</summary>
    /// <returns>Whether the target can be reached at all.</returns>
    protected bool TryDeliver(IncomingRpc rpc)
    {
        InMemoryLink link = Network.LinkOf(Source, Target);
        if (link == InMemoryLink.BlackHole)
        {
            return true;
        }

        if (link == InMemoryLink.Disconnected || Network.Find(Target) is not { } target)
        {
            return false;
        }

        return target.TryReceive(rpc, Source);
    }

    /// <summary>The failure of a call to a server that is not reached.</summary>
    protected TransportException Unreachable() => new(TransportFailure.Unreachable, $"{Target} is not reached");

    /// <summary>The failure of a call that took too long.</summary>
    protected TransportException TimedOut(TimeSpan timeout) =>
        new(TransportFailure.TimedOut, $"{Target} gave no answer within {timeout}");

    /// <summary>What an answer of nil says: a message of zeros.</summary>
    protected static RpcResponse ZeroAnswer(RpcRequest request) => request switch
    {
        AppendEntriesRequest => new AppendEntriesResponse(default(RpcHeader)),
        RequestVoteRequest => new RequestVoteResponse(default(RpcHeader)),
        RequestPreVoteRequest => new RequestPreVoteResponse(default(RpcHeader)),
        InstallSnapshotRequest => new InstallSnapshotResponse(default(RpcHeader)),
        TimeoutNowRequest => new TimeoutNowResponse(default(RpcHeader)),
        _ => new AskResponse(default(RpcHeader)),
    };
}
