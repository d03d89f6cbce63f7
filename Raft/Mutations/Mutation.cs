namespace Raft.Mutations;

/// <summary>
/// Bugs planted on purpose, each of which breaks one rule, to show that the simulator would find such a bug. A node in
/// production has <see cref="None"/>, and no public API leads to another.
/// </summary>
internal enum Mutation
{
    /// <summary>All rules are kept.</summary>
    None,

    /// <summary>A term and vote count as durable before the store has saved them (§5.1: persisted before responding).</summary>
    VoteNotSynced,

    /// <summary>Entries count as durable before the store has written them.</summary>
    LogNotSynced,

    /// <summary>A leader commits an entry of an older term by counting its copies (§5.4.2, figure 8).</summary>
    CommitOldTerm,

    /// <summary>A follower drops all behind the previous index whenever entries come, matching, committed or not (§5.3).</summary>
    TruncateWithoutCheck,

    /// <summary>A leader commits with one voter fewer than a majority.</summary>
    QuorumOffByOne,

    /// <summary>A follower takes entries of a leader whose term is over (§5.1).</summary>
    StaleTermAccepted,

    /// <summary>A follower commits up to its own last entry, whatever the request proved (W9).</summary>
    CommitBeyondProven,

    /// <summary>A leader counts the copies of nonvoters like those of voters.</summary>
    NonvoterCounted,

    /// <summary>The state machine takes a slice's first entry again behind its last, where no caller waits for it.</summary>
    AppliedTwice,

    /// <summary>A leader answers reads and verifications without asking a majority (§8).</summary>
    ReadWithoutQuorum,

    /// <summary>An answer to a request that was sent before a question counts as an answer to it (W5).</summary>
    PreSentAcknowledgement,

    /// <summary>The reader of a pipeline's answers leaves without a word, and its sender waits for ever (W8).</summary>
    PipelineWaitsForReader,

    /// <summary>A completed write makes durable whatever stands at its indexes now, not only what it wrote.</summary>
    DurableByIndex,

    /// <summary>A success that waited for the disk leaves although its sender votes in a later term by now.</summary>
    SuccessAfterLaterVote,

    /// <summary>A leader counts what followers told in its earlier leaderships.</summary>
    EarlierLeadershipMatch,

    /// <summary>A voter compares a candidate's log with its own only as far as that is durable.</summary>
    VoteByDurableLog,

    /// <summary>A candidate asks for votes before its new term and its own vote are durable.</summary>
    VoteRequestBeforeDurable,

    /// <summary>Entries are written before the term that they are of.</summary>
    EntryBeforeTerm,

    /// <summary>The state machine takes committed entries that are not durable here.</summary>
    AppliedBeforeDurable,

    /// <summary>The completion of a term-and-vote record counts for all log changes that were queued by then.</summary>
    RecordCountsForLog,
    /// <summary>A leader appends a configuration while the one before it is not committed (thesis 4.1).</summary>
    TwoChangesAtOnce,

    /// <summary>A leader goes on counting the copies of a server that it removed.</summary>
    RemovedServerCounted,

    /// <summary>A configuration stays in force although its entry was truncated (thesis 4.1).</summary>
    ConfigurationNotRolledBack,

    /// <summary>A server without a vote campaigns like any other.</summary>
    NonvoterCampaigns,

    /// <summary>A transfer that did not end with its leadership keeps the next one from taking commands (hashicorp/raft 696).</summary>
    TransferOutlivesLeader,

    /// <summary>A log that contradicts an installed snapshot is kept (W2).</summary>
    ConflictingLogKept,

    /// <summary>A node's own snapshot takes the place of a newer one that was installed meanwhile (W14).</summary>
    SnapshotIndexFalls,

    /// <summary>The log gives way to a snapshot that is received and not durable yet.</summary>
    LogResetBeforeSnapshot,

    /// <summary>A log that begins right behind the newest snapshot is dropped at the start, like one that ends before it.</summary>
    CompactedLogDropped,

    /// <summary>A server that lost its disk votes and campaigns before it has its log back.</summary>
    RejoinForgetsLog,

    /// <summary>A leader relies on promises for longer than they were given.</summary>
    LeaseTooLong,

    /// <summary>A leader counts a promise from when the answer came, not from when it asked.</summary>
    LeaseFromReceipt,

    /// <summary>A leader goes on relying on promises after it told another server to campaign.</summary>
    LeaseAfterTimeoutNow,

    /// <summary>A voter that starts again does not keep to what it may have promised before.</summary>
    PromiseForgotten,

    /// <summary>A voter that gives up its leader, since its connections ended and its port refuses, forgets what it promised it.</summary>
    FailoverEndsPromise,

    /// <summary>A server without a vote that gives up its leader campaigns like any other.</summary>
    FailoverOfNonvoter,

    /// <summary>A voter gives up its leader where nobody answers at its port, or that takes connections.</summary>
    FailoverUnrefused,

    /// <summary>A snapshot of a state machine with sessions leaves the sessions out (thesis 6.3).</summary>
    SessionsNotInSnapshot,
}
