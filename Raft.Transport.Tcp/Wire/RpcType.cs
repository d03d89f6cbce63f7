namespace Raft.Transport.Tcp.Wire;

/// <summary>The byte in front of each request.</summary>
internal enum RpcType : byte
{
    AppendEntries = 0,
    RequestVote = 1,
    InstallSnapshot = 2,
    TimeoutNow = 3,
    RequestPreVote = 4,

    /// <summary>Ours alone: Go closes the connection on it.</summary>
    Ask = 0x20,
}
