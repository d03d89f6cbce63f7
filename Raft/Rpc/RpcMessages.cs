namespace Raft;

/// <summary>A request from one server to another.</summary>
/// <param name="Header">Who sends it.</param>
public abstract record RpcRequest(RpcHeader Header);

/// <summary>The answer to a request.</summary>
/// <param name="Header">Who answers; all zero in a Go server's answers to InstallSnapshot, and in all to TimeoutNow.</param>
public abstract record RpcResponse(RpcHeader Header)
{
    /// <summary>
    /// Whether the server that was meant has answered. A stale name, a proxy, or a server that was put in another's place can
    /// lead to another one: it has promised nothing for the one that was meant, and must not be counted a second time. Whoever
    /// names no id (Go before 1.3.7) is believed.
    /// </summary>
    internal bool IsFrom(ServerId meant) => Header.Id.IsEmpty || Header.Id == meant;
}

/// <summary>Replicates entries and tells the commit index; with neither it is a heartbeat (§5.3).</summary>
/// <param name="Header">Who sends it.</param>
public sealed record AppendEntriesRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The leader's term.</summary>
    public ulong Term { get; init; }

    /// <summary>The leader's address, for Go versions that do not read the header.</summary>
    public ServerAddress Leader { get; init; }

    /// <summary>The index right before the first entry; 0 at the start of the log.</summary>
    public ulong PreviousIndex { get; init; }

    /// <summary>The term of the entry at <see cref="PreviousIndex"/>.</summary>
    public ulong PreviousTerm { get; init; }

    /// <summary>The entries, in order; null (Go's nil) in a heartbeat, empty where there is nothing to send.</summary>
    public IReadOnlyList<LogSlice>? Entries { get; init; }

    /// <summary>The leader's commit index.</summary>
    public ulong LeaderCommitIndex { get; init; }

    /// <summary>
    /// For how long the leader asks the follower to elect nobody else; zero for no such promise. Go does not know it.
    /// </summary>
    public TimeSpan Lease { get; init; }

    /// <summary>The last index this request speaks of: what a follower that accepts it is proven to hold.</summary>
    public ulong LastIndex => Entries is { Count: > 0 } entries ? entries[^1].LastIndex : PreviousIndex;

    /// <summary>
    /// Whether this is a heartbeat: a term and a leader, and nothing about the log. Such a request may be answered
    /// ahead of others.
    /// </summary>
    public bool IsHeartbeat =>
        Term != 0 && (!Header.Address.IsEmpty || !Leader.IsEmpty) && PreviousIndex == 0 && PreviousTerm == 0
        && LeaderCommitIndex == 0 && (Entries is null || Entries.Count == 0);
}

/// <summary>The answer to <see cref="AppendEntriesRequest"/>.</summary>
/// <param name="Header">Who answers.</param>
public sealed record AppendEntriesResponse(RpcHeader Header) : RpcResponse(Header)
{
    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Its last index; after a refusal the leader need not try above it.</summary>
    public ulong LastLog { get; init; }

    /// <summary>Whether its log holds everything the request spoke of, durably.</summary>
    public bool Success { get; init; }

    /// <summary>With a refusal: the logs differ at the previous index, so the leader may go back at once.</summary>
    public bool NoRetryBackoff { get; init; }

    /// <summary>
    /// With such a refusal, where the leader is of this library: the last entry of the log, up to the previous index, whose term is
    /// not above the leader's there. The logs differ behind it. Null for none.
    /// </summary>
    public ulong? ConflictIndex { get; init; }

    /// <summary>That entry's term; 0 where it is not known, or there is no such entry.</summary>
    public ulong ConflictTerm { get; init; }

    /// <summary>
    /// For how long from when the request came the follower elects nobody else, unless the leader itself hands over; zero for no
    /// promise.
    /// </summary>
    public TimeSpan Promise { get; init; }
}

/// <summary>Asks for a vote (§5.2).</summary>
/// <param name="Header">The candidate.</param>
public sealed record RequestVoteRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The candidate's term.</summary>
    public ulong Term { get; init; }

    /// <summary>The candidate's address, for Go versions that do not read the header.</summary>
    public ServerAddress Candidate { get; init; }

    /// <summary>The index of the candidate's last entry.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>The term of the candidate's last entry.</summary>
    public ulong LastLogTerm { get; init; }

    /// <summary>Whether the candidate was told to campaign by the leader, which voters then do not protect.</summary>
    public bool LeadershipTransfer { get; init; }

    /// <summary>The term in which the leader said so; 0 where it did not, or does not name it. Go does not know it.</summary>
    public ulong TransferTerm { get; init; }
}

/// <summary>The answer to <see cref="RequestVoteRequest"/>.</summary>
/// <param name="Header">Who answers.</param>
public sealed record RequestVoteResponse(RpcHeader Header) : RpcResponse(Header)
{
    /// <summary>The voter's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Whether the vote was given, durably.</summary>
    public bool Granted { get; init; }

    /// <summary>The voters' addresses in an old encoding; null unless protocol version 1 is spoken.</summary>
    public ReadOnlyMemory<byte>? Peers { get; init; }
}

/// <summary>Asks whether a vote would be given, without anyone's term changing (thesis 9.6).</summary>
/// <param name="Header">The would-be candidate.</param>
public sealed record RequestPreVoteRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The term the candidate would campaign in.</summary>
    public ulong Term { get; init; }

    /// <summary>The index of the candidate's last entry.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>The term of the candidate's last entry.</summary>
    public ulong LastLogTerm { get; init; }
}

/// <summary>The answer to <see cref="RequestPreVoteRequest"/>.</summary>
/// <param name="Header">Who answers.</param>
public sealed record RequestPreVoteResponse(RpcHeader Header) : RpcResponse(Header)
{
    /// <summary>The voter's term, or the asked term where that is higher.</summary>
    public ulong Term { get; init; }

    /// <summary>Whether a vote would be given.</summary>
    public bool Granted { get; init; }
}

/// <summary>Announces a snapshot whose bytes follow on the same connection (§7).</summary>
/// <param name="Header">The leader.</param>
public sealed record InstallSnapshotRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The version of the snapshot's metadata.</summary>
    public int SnapshotVersion { get; init; }

    /// <summary>The leader's term.</summary>
    public ulong Term { get; init; }

    /// <summary>The leader's address, for Go versions that do not read the header.</summary>
    public ServerAddress Leader { get; init; }

    /// <summary>The index of the last entry that the snapshot covers.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>The term of that entry.</summary>
    public ulong LastLogTerm { get; init; }

    /// <summary>The voters' addresses in an old encoding.</summary>
    public ReadOnlyMemory<byte>? Peers { get; init; }

    /// <summary>The encoded cluster configuration at that entry.</summary>
    public ReadOnlyMemory<byte>? Configuration { get; init; }

    /// <summary>The index of the entry that holds that configuration.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>How many bytes of state follow.</summary>
    public long Size { get; init; }
}

/// <summary>The answer to <see cref="InstallSnapshotRequest"/>.</summary>
/// <param name="Header">All zero.</param>
public sealed record InstallSnapshotResponse(RpcHeader Header) : RpcResponse(Header)
{
    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Whether the snapshot was installed.</summary>
    public bool Success { get; init; }
}

/// <summary>Tells a follower to campaign at once (thesis 3.10).</summary>
/// <param name="Header">The leader.</param>
public sealed record TimeoutNowRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The leader's term; 0 where it does not say. One of another term is refused. Go does not know it.</summary>
    public ulong Term { get; init; }
}

/// <summary>The answer to <see cref="TimeoutNowRequest"/>.</summary>
/// <param name="Header">All zero.</param>
public sealed record TimeoutNowResponse(RpcHeader Header) : RpcResponse(Header);

/// <summary>A question between servers of this library, outside the protocol; Go does not know it.</summary>
/// <param name="Header">Who asks.</param>
public sealed record AskRequest(RpcHeader Header) : RpcRequest(Header)
{
    /// <summary>The question.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Whom it is for: 0 for the application, anything else for the library itself.</summary>
    public int Kind { get; init; }
}

/// <summary>The answer to <see cref="AskRequest"/>.</summary>
/// <param name="Header">Who answers.</param>
public sealed record AskResponse(RpcHeader Header) : RpcResponse(Header)
{
    /// <summary>The answer.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}
