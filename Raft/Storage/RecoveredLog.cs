using Raft.Membership;
using Raft.Mutations;

namespace Raft.Storage;

/// <summary>What a node finds in its stores when it starts.</summary>
/// <param name="Record">Its term and vote.</param>
/// <param name="Rejoin">Where it was removed before it lost its disk; (0, 0) where that never was.</param>
/// <param name="Snapshot">Its newest snapshot; null where there is none.</param>
/// <param name="Terms">The terms of its entries.</param>
/// <param name="Configurations">The configurations of the snapshot and of the entries behind it.</param>
internal sealed record RecoveredLog(
    TermAndVote Record, RejoinPoint Rejoin, SnapshotMeta? Snapshot, TermRuns Terms, ConfigurationTracker Configurations)
{
    /// <summary>How much of a log is read at once, in bytes.</summary>
    public const int ReadBytes = 4 << 20;

    private bool _hasMark;

    /// <summary>
    /// Whether what the log store holds is over: the newest snapshot contradicts it, or was put in its place. What is told
    /// here is already as if it were gone; <see cref="FinishAsync"/> makes it so.
    /// </summary>
    public bool IsLogOver { get; private init; }

    /// <summary>The term of the last entry.</summary>
    public ulong LastTerm => Terms.LastTerm;

    /// <summary>The last entry, held or covered by the snapshot; 0 where there is neither.</summary>
    public ulong LastIndex { get; private init; }

    /// <summary>
    /// Up to where the entries are known to be committed: what a snapshot covers, what the log store was told with its writes, if
    /// it tells that back, and what a state machine has that keeps its own state.
    /// </summary>
    /// <remarks>
    /// That may be believed. It was committed, and durable here, before the write that names it began
    /// (<see cref="LogAppend.CommitIndex"/>), and neither is ever taken back: no leader truncates what is committed, and what
    /// stands here at such an index now is what stood there then. Less may be known than is committed, never more. Where
    /// neither the log nor a snapshot reaches so far, what this server stood for is gone, and it must not vote as if it were not:
    /// it is refused.
    /// </remarks>
    public ulong CommitIndex { get; private init; }

    /// <summary>The longest promise that this server may have given to a leader before it was started.</summary>
    public TimeSpan PromiseMost { get; private init; }

    /// <summary>What the state machine has: by itself, or from the snapshot.</summary>
    public AppliedPoint Applied { get; private init; }

    /// <summary>The configuration in force.</summary>
    public IndexedConfiguration Configuration => new(Configurations.Latest, Configurations.LatestIndex);

    /// <summary>Reads the stores, and refuses to go on from what cannot have come about. Changes nothing.</summary>
    /// <param name="log">The log.</param>
    /// <param name="stable">The term and vote.</param>
    /// <param name="snapshot">The newest snapshot that can be read; null where there is none.</param>
    /// <param name="kept">All snapshots, the newest first, readable or not.</param>
    /// <param name="held">What the state machine has on a disk of its own; nothing where it has none.</param>
    /// <param name="mutation">The bug planted here; none in production.</param>
    /// <exception cref="StoreException">The log is newer than the term, or out of order: one of the two was lost.</exception>
    public static async ValueTask<RecoveredLog> ReadAsync(
        ILogStore log, IStableStore stable, SnapshotMeta? snapshot, IReadOnlyList<SnapshotMeta> kept, AppliedPoint held,
        Mutation mutation)
    {
        TermAndVote record = await stable.LoadAsync() ?? new TermAndVote(0);
        RejoinPoint rejoin = await RejoinPoint.LoadAsync(stable);
        ulong snapshotIndex = snapshot?.Index ?? 0;
        ulong newestIndex = kept.Count == 0 ? 0 : kept[0].Index;
        Refuse(
            log.FirstIndex > snapshotIndex + 1,
            snapshot is null
                ? $"it begins at entry {log.FirstIndex}, and there is no snapshot of what lies before"
                : $"it begins at entry {log.FirstIndex}, and the newest snapshot that can be read ends at {snapshotIndex}");
        Refuse(
            snapshotIndex < newestIndex && log.LastIndex < newestIndex,
            $"its newest snapshot, which ends at entry {newestIndex}, cannot be read, and the log only reaches {log.LastIndex}");
        ulong lastIndex = Math.Max(log.LastIndex, snapshotIndex);
        ulong hint = log is ICommitHint store ? store.KnownCommitIndex : 0;
        Refuse(
            hint > lastIndex,
            $"it knows the entries up to {hint} to be committed, but log and snapshot only reach {lastIndex}: the others are gone");
        RecoveredLog recovered = Empty(record, rejoin, snapshot) with
        {
            LastIndex = lastIndex,
            CommitIndex = Math.Max(snapshotIndex, hint),
        };
        ulong? termAtSnapshot = await recovered.ReadEntriesAsync(log);
        Refuse(
            Math.Max(recovered.Terms.LastTerm, snapshot?.Term ?? 0) > record.Term,
            $"its last entry is of term {recovered.Terms.LastTerm}, the newest snapshot of term {snapshot?.Term ?? 0}, but "
            + $"the term-and-vote record says {record.Term}");
        string mark = await RecoveryMark.LoadAsync(stable);

        // An older snapshot would bring the members from before the recovery back. One that is newer than the marked one would
        // not: the recovery found it there, and was refused.
        Refuse(
            kept.TakeWhile(s => s.Id != snapshot?.Id).Any(s => s.Id == mark),
            $"it was recovered into the snapshot {mark}, which cannot be read");
        Refuse(
            snapshotIndex == newestIndex && snapshot is not null && !snapshot.Point.Configuration.Equals(kept[0].Point.Configuration),
            $"its newest snapshot, {(kept.Count == 0 ? "" : kept[0].Id)}, names other members than {snapshot?.Id}, and cannot be read");
        bool isOver = MustDrop(log, snapshot, termAtSnapshot, mutation) || (snapshot is not null && snapshot.Id == mark);
        recovered = isOver ? Empty(record, rejoin, snapshot) with { IsLogOver = true } : recovered;
        return recovered.With(held) with { _hasMark = mark.Length > 0, PromiseMost = await PromiseLimit.LoadAsync(stable) };
    }

    /// <summary>
    /// Does what was left undone: a snapshot was installed, or the server recovered, and the process ended before the log
    /// gave way.
    /// </summary>
    public async ValueTask FinishAsync(ILogStore log, IStableStore stable)
    {
        if (IsLogOver)
        {
            await DropAsync(log);
        }

        // Before anything is appended: what stands behind the snapshot from now on is not over.
        if (_hasMark)
        {
            await RecoveryMark.ClearAsync(stable);
        }
    }

    /// <summary>Drops all entries.</summary>
    public static ValueTask DropAsync(ILogStore log) =>
        log.LastIndex == 0 ? ValueTask.CompletedTask : log.TruncateSuffixAsync(log.FirstIndex);

    /// <summary>
    /// A log that holds the snapshot's own entry goes with it, and so does one that begins right behind it, which is
    /// what compaction leaves. Any other ends before the snapshot, or contradicts it.
    /// </summary>
    private static bool MustDrop(ILogStore log, SnapshotMeta? snapshot, ulong? termAtSnapshot, Mutation mutation)
    {
        if (snapshot is null || log.LastIndex == 0 || termAtSnapshot == snapshot.Term)
        {
            return false;
        }

        return log.FirstIndex != snapshot.Index + 1 || mutation == Mutation.CompactedLogDropped;
    }

    private static RecoveredLog Empty(TermAndVote record, RejoinPoint rejoin, SnapshotMeta? snapshot)
    {
        var recovered = new RecoveredLog(record, rejoin, snapshot, new TermRuns(), new ConfigurationTracker())
        {
            LastIndex = snapshot?.Index ?? 0,
            CommitIndex = snapshot?.Index ?? 0,
            Applied = new AppliedPoint(snapshot?.Index ?? 0, snapshot?.Term ?? 0),
        };
        if (snapshot is not null)
        {
            recovered.Configurations.Install(snapshot.Point);
            recovered.Terms.Reset(snapshot.Index, snapshot.Term);
        }

        return recovered;
    }

    /// <summary>
    /// Goes on from what the state machine has by itself. It was given only what was committed, and durable in the log before
    /// (<see cref="IDurableFsm"/>), so what it has is committed; and where the log ends before it, or
    /// has another entry there, one of the two is not this server's, or was lost.
    /// </summary>
    private RecoveredLog With(AppliedPoint held)
    {
        if (held.Index < Applied.Index)
        {
            return this;
        }

        Refuse(
            held.Index > LastIndex,
            $"the state machine has applied the entries up to {held.Index}, but log and snapshot only reach {LastIndex}");
        ulong term = held.Index == Applied.Index ? Applied.Term : Terms.TermAt(held.Index);
        Refuse(
            held.Term != term,
            $"the state machine has applied entry {held.Index} of term {held.Term}, which is of term {term} here");
        return this with { Applied = held, CommitIndex = Math.Max(CommitIndex, held.Index) };
    }

    private async ValueTask<ulong?> ReadEntriesAsync(ILogStore log)
    {
        ulong? termAtSnapshot = null;
        if (log.FirstIndex <= Snapshot?.Index && log.LastIndex != 0)
        {
            Terms.Clear();
        }

        ulong lastTerm = Terms.LastTerm;

        for (ulong next = log.FirstIndex; next != 0 && next <= log.LastIndex;)
        {
            LogBatch batch = await log.ReadAsync(next, log.LastIndex, ReadBytes);
            for (int i = 0; i < batch.Count; i++)
            {
                ulong index = batch.FirstIndex + (ulong)i;
                ulong term = batch.TermAt(i);
                if (term != lastTerm)
                {
                    Refuse(term < lastTerm, $"entry {index} is of term {term}, the one before of term {lastTerm}");
                    Terms.Append(index, term);
                    lastTerm = term;
                }

                if (index == Snapshot?.Index)
                {
                    termAtSnapshot = term;
                }

                // What the snapshot covers is in its configuration, which a recovery may have replaced.
                if (ConfigurationEntry.Holds(batch.TypeAt(i)) && index > Math.Max(Configurations.LatestIndex, Snapshot?.Index ?? 0))
                {
                    Configurations.Append(index, ConfigurationEntry.Decode(batch.TypeAt(i), batch[i].Data.Span));
                }
            }

            next = batch.LastIndex + 1;
        }

        return termAtSnapshot;
    }

    private static void Refuse(bool wrong, string why)
    {
        if (wrong)
        {
            throw new CorruptStoreException(
                $"The log cannot be used: {why}. Part of this server's data was lost or replaced. Nothing was changed; "
                + "restore the data directory, or remove this server from its cluster and let it rejoin with an empty one.");
        }
    }
}
