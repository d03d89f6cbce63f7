namespace Raft.Observability;

/// <summary>How long this server takes for requests of others, from when its loop takes one until it is answered.</summary>
/// <param name="make">Makes the instruments.</param>
internal sealed class RpcMeter(Instruments make)
{
    public TimeMeter AppendEntries { get; } = make.Time(
        "raft.rpc.appendEntries", "One AppendEntries that the loop decides on, until it is answered, the disk write included.");

    public TimeMeter StoreLogs { get; } = make.Time(
        "raft.rpc.appendEntries.storeLogs", "The entries of one accepted AppendEntries, from when they are looked at until they are durable.");

    public TimeMeter ProcessLogs { get; } = make.Time(
        "raft.rpc.appendEntries.processLogs", "Moving the commit index up, as one AppendEntries tells to.");

    public TimeMeter ProcessHeartbeat { get; } = make.Time(
        "raft.rpc.processHeartbeat", "One heartbeat that is answered beside the loop, as nothing has to be decided.");

    public TimeMeter RequestVote { get; } = make.Time(
        "raft.rpc.requestVote", "One RequestVote, until it is answered, the disk write of a vote included.");

    public TimeMeter RequestPreVote { get; } = make.Time("raft.rpc.requestPreVote", "One RequestPreVote, until it is answered.");

    public TimeMeter InstallSnapshot { get; } = make.Time(
        "raft.rpc.installSnapshot", "One InstallSnapshot, until it is answered: received, durable, and the log given way.");

    /// <summary>The loop takes a request. One that it takes again, in another role, counts from the first time.</summary>
    public void Taken(IncomingRpc rpc) => rpc.TakenAt ??= Of(rpc.Request)?.Begin();

    /// <summary>A request that the loop took was answered.</summary>
    public void Answered(IncomingRpc rpc) => Of(rpc.Request)?.End(rpc.TakenAt);

    private TimeMeter? Of(RpcRequest request) => request switch
    {
        AppendEntriesRequest => AppendEntries,
        RequestVoteRequest => RequestVote,
        RequestPreVoteRequest => RequestPreVote,
        InstallSnapshotRequest => InstallSnapshot,
        _ => null,
    };
}
