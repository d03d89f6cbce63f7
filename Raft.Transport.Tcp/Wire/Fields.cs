namespace Raft.Transport.Tcp.Wire;

/// <summary>The keys of all messages.</summary>
[Flags]
internal enum Fields
{
    None = 0,
    Addr = 1 << 0,
    Id = 1 << 1,
    ProtocolVersion = 1 << 2,
    Term = 1 << 3,
    Leader = 1 << 4,
    Candidate = 1 << 5,
    Entries = 1 << 6,
    LeaderCommitIndex = 1 << 7,
    PrevLogEntry = 1 << 8,
    PrevLogTerm = 1 << 9,
    LastLogIndex = 1 << 10,
    LastLogTerm = 1 << 11,
    LeadershipTransfer = 1 << 12,
    Granted = 1 << 13,
    Peers = 1 << 14,
    LastLog = 1 << 15,
    NoRetryBackoff = 1 << 16,
    Success = 1 << 17,
    Configuration = 1 << 18,
    ConfigurationIndex = 1 << 19,
    Size = 1 << 20,
    SnapshotVersion = 1 << 21,
    Data = 1 << 22,

    // Of this library alone, and sent only where they say something: Go passes over keys that it does not know.
    ConflictIndex = 1 << 23,
    ConflictTerm = 1 << 24,
    Kind = 1 << 25,
    LeaseMs = 1 << 26,
    PromiseMs = 1 << 27,
    TransferTerm = 1 << 28,
    Cluster = 1 << 29,

    Header = Addr | Id | ProtocolVersion,
    AppendRequest = Header | Cluster | Term | Leader | Entries | LeaderCommitIndex | PrevLogEntry | PrevLogTerm | LeaseMs,
    AppendResponse = Header | Term | LastLog | NoRetryBackoff | Success | ConflictIndex | ConflictTerm | PromiseMs,
    VoteRequest = Header | Cluster | Term | Candidate | LastLogIndex | LastLogTerm | LeadershipTransfer | TransferTerm,
    VoteResponse = Header | Term | Granted | Peers,
    PreVoteRequest = Header | Cluster | Term | LastLogIndex | LastLogTerm,
    PreVoteResponse = Header | Term | Granted,
    SnapshotRequest =
        Header | Cluster | Term | Leader | LastLogIndex | LastLogTerm | Peers | Configuration | ConfigurationIndex | Size
        | SnapshotVersion,
    SnapshotResponse = Header | Term | Success,
    TimeoutNow = Header | Cluster | Term,
    Ask = Header | Cluster | Data | Kind,
}
