using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>What a message says, for the trace's hash.</summary>
internal static class MessageHash
{
    public static ulong Of(int from, int to, RpcRequest request) => request switch
    {
        AppendEntriesRequest m => Of(1, from, to, m.Term, m.PreviousIndex, m.LastIndex, m.LeaderCommitIndex),
        RequestVoteRequest m => Of(2, from, to, m.Term, m.LastLogIndex, m.LastLogTerm, 0),
        RequestPreVoteRequest m => Of(3, from, to, m.Term, m.LastLogIndex, m.LastLogTerm, 0),
        InstallSnapshotRequest m => Of(5, from, to, m.Term, m.LastLogIndex, m.LastLogTerm, (ulong)m.Size),
        TimeoutNowRequest => Of(6, from, to, 0, 0, 0, 0),
        _ => Of(4, from, to, 0, 0, 0, 0),
    };

    public static ulong Of(int from, int to, RpcResponse response) => response switch
    {
        AppendEntriesResponse m => Of(11, from, to, m.Term, m.LastLog, m.Success ? 1UL : 0, 0),
        RequestVoteResponse m => Of(12, from, to, m.Term, m.Granted ? 1UL : 0, 0, 0),
        RequestPreVoteResponse m => Of(13, from, to, m.Term, m.Granted ? 1UL : 0, 0, 0),
        InstallSnapshotResponse m => Of(15, from, to, m.Term, m.Success ? 1UL : 0, 0, 0),
        _ => Of(14, from, to, 0, 0, 0, 0),
    };

    private static ulong Of(ulong kind, int from, int to, ulong a, ulong b, ulong c, ulong d) => Mix.Add(
        Mix.Add(Mix.Add(Mix.Add(kind << 16 ^ (ulong)(uint)from << 8 ^ (uint)to, a), b), c), d);
}
