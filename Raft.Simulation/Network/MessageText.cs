namespace Raft.Simulation.Network;

/// <summary>What a message says, for a human who reads the trace.</summary>
internal static class MessageText
{
    public static string Of(RpcRequest request) => request switch
    {
        AppendEntriesRequest { IsHeartbeat: true } m => $"heartbeat term {m.Term}",
        AppendEntriesRequest m =>
            $"append term {m.Term} behind ({m.PreviousIndex}, {m.PreviousTerm}) through {m.LastIndex} commit {m.LeaderCommitIndex}",
        RequestVoteRequest m => $"vote? term {m.Term} log ({m.LastLogIndex}, {m.LastLogTerm})",
        RequestPreVoteRequest m => $"pre-vote? term {m.Term} log ({m.LastLogIndex}, {m.LastLogTerm})",
        _ => request.GetType().Name,
    };

    public static string Of(RpcResponse response) => response switch
    {
        AppendEntriesResponse m => $"append {(m.Success ? "ok" : "refused")} term {m.Term} last {m.LastLog}",
        RequestVoteResponse m => $"vote {(m.Granted ? "yes" : "no")} term {m.Term}",
        RequestPreVoteResponse m => $"pre-vote {(m.Granted ? "yes" : "no")} term {m.Term}",
        _ => response.GetType().Name,
    };
}
