namespace Raft.Transport.Tcp.Accepting;

/// <summary>A request that came over a connection, in its place in the row of answers. Owned by <see cref="AnswerQueue"/>.</summary>
internal sealed class TcpIncomingRpc(
    AnswerQueue answers, RpcRequest request, long bytes, TransportMeter meter, ReceivedBody? body = null)
    : IncomingRpc(request)
{
    public override ISnapshotBody? Body => body;

    /// <summary>How many bytes of the budget it holds.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>When it was handed to the receiver; null where nobody measures.</summary>
    public TimeSpan? HandedAt { get; set; }

    /// <summary>The answer, once <see cref="IsAnswered"/>.</summary>
    public RpcResponse? Response { get; private set; }

    /// <summary>The answer's error text.</summary>
    public string? Error { get; private set; }

    /// <summary>Whether the answer may go out. Under the queue's lock.</summary>
    public bool IsAnswered { get; set; }

    protected override void Send(RpcResponse? response, string? error)
    {
        meter.Responded(HandedAt, Request);
        Response = response;
        Error = error;
        if (body is null || body.Answered())
        {
            answers.Answered(this);
        }
    }
}
