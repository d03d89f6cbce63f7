namespace Raft.Observability;

/// <summary>
/// What a node tells about itself as it happens, for checkers that hold it to the invariants. Called in place on the
/// node's tasks; absent in production, where it costs one comparison.
/// </summary>
internal interface IRaftTrace
{
    /// <summary>The node changed its role.</summary>
    void Role(RaftState state, ulong term);

    /// <summary>The node holds a new term or vote, not yet durable.</summary>
    void TermAndVote(TermAndVote record, ulong sequence);

    /// <summary>All term-and-vote records up to a sequence are durable.</summary>
    void RecordDurable(ulong sequence);

    /// <summary>Entries were appended in memory under a sequence.</summary>
    void Append(LogSlice slice, ulong sequence);

    /// <summary>Entries from an index on were dropped in memory under a sequence.</summary>
    void Truncate(ulong fromIndex, ulong sequence);

    /// <summary>All log writes up to a sequence are durable, and with them the log up to an index.</summary>
    void Durable(ulong sequence, ulong durableIndex);

    /// <summary>The node knows more to be committed.</summary>
    void Commit(ulong commitIndex, ulong term);

    /// <summary>The state machine took an entry.</summary>
    void Apply(LogEntry entry);

    /// <summary>A leader asks whether it still leads, for a verification or a read: the newest question's number.</summary>
    void Asked(ulong round);

    /// <summary>A leader counts a server's answer: what it holds, and the newest question that it answered.</summary>
    void Acknowledged(ServerId server, ulong matchIndex, ulong round);

    /// <summary>A leader takes a question as confirmed by a majority.</summary>
    void Confirmed(ulong round);

    /// <summary>Another configuration is in force: by an append, a truncation, or a snapshot.</summary>
    void Configuration(ulong index, ClusterConfiguration configuration);

    /// <summary>The node has a new newest snapshot, durable: its own, or one that a leader sent.</summary>
    void Snapshot(SnapshotMeta snapshot, bool isInstalled);

    /// <summary>The whole log was dropped in memory under a sequence; it begins right behind the newest snapshot now.</summary>
    void Reset(ulong snapshotIndex, ulong snapshotTerm, ulong sequence);

    /// <summary>Entries before an index were let go of, under a sequence.</summary>
    void Compact(ulong firstIndex, ulong sequence);

    /// <summary>The state machine's state was replaced by a snapshot's.</summary>
    void Restore(ulong index, ulong term);

    /// <summary>A leader begins to hand over, or gives it up, or has ended.</summary>
    void Transfer(ServerId target, bool isOver);

    /// <summary>A follower gives up its leader, whose connections have ended and whose port refuses.</summary>
    void LeaderGone(ServerId leader, ulong term);

    /// <summary>A follower keeps its leader, whose connections have ended and who was not heard since, as its port did not refuse.</summary>
    void LeaderKept(ServerId leader, ulong term, ConnectOutcome outcome);

    /// <summary>The tasks of a role begin; so many groups of tasks of roles have not ended, this one included.</summary>
    void RoleTasks(int groups);
}
