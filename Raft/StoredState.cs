namespace Raft;

/// <summary>What a server that does not run would begin with (<c>RaftNode.ReadStoredStateAsync</c>).</summary>
/// <param name="Record">Its term and vote; term 0 where it has none.</param>
/// <param name="LastIndex">Its last entry, held or covered by its newest snapshot; 0 where there is neither.</param>
/// <param name="LastTerm">That entry's term.</param>
/// <param name="CommitIndex">Up to where its stores know the entries to be committed. More may be.</param>
/// <param name="Configuration">The configuration that it would go by.</param>
/// <param name="IsLogOver">
/// Whether its newest snapshot takes the place of all that its log holds, which a start would drop: a snapshot was installed, or the
/// server recovered, and the process ended before the log gave way.
/// </param>
/// <param name="AwaitedIndex">
/// The entry that removed it before it lost its disk, which it has not got back (<c>RaftNode.RejoinClusterAsync</c>): what it holds is
/// less than what it once acknowledged. 0 where it lacks nothing.
/// </param>
public sealed record StoredState(
    TermAndVote Record, ulong LastIndex, ulong LastTerm, ulong CommitIndex, IndexedConfiguration Configuration, bool IsLogOver,
    ulong AwaitedIndex);
