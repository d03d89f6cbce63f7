namespace Raft.Simulation.Network;

/// <summary>What a message says, for a human who reads the trace.</summary>
internal static class MessageText
{
    public static string Of(RpcRequest request) => request switch
    {
        AppendEntriesRequest { IsHeartbeat: true } m => $"heartbeat term {m.Term}",
        AppendEntriesRequest m =>
            $"append term {m.Term} behind ({m.PreviousIndex}, {m.PreviousTerm}) through {m.LastIndex} commit {m.LeaderCommitIndex}",
        RequestVoteRequest m => $"vote? term {m.Term} log ({m.LastLogIndex}, {m.LastLogTerm}){(m.LeadershipTransfer ? " of the leader's" : string.Empty)}",
        RequestPreVoteRequest m => $"pre-vote? term {m.Term} log ({m.LastLogIndex}, {m.LastLogTerm})",
        InstallSnapshotRequest m => $"snapshot term {m.Term} of ({m.LastLogIndex}, {m.LastLogTerm}), {m.Size} bytes",
        _ => request.GetType().Name,
    };

    public static string Of(RpcResponse response) => response switch
    {
        AppendEntriesResponse m => $"append {(m.Success ? "ok" : "refused")} term {m.Term} last {m.LastLog}",
        RequestVoteResponse m => $"vote {(m.Granted ? "yes" : "no")} term {m.Term}",
        RequestPreVoteResponse m => $"pre-vote {(m.Granted ? "yes" : "no")} term {m.Term}",
        InstallSnapshotResponse m => $"snapshot {(m.Success ? "ok" : "refused")} term {m.Term}",
        _ => response.GetType().Name,
    };
}
