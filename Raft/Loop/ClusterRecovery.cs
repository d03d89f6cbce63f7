using Microsoft.Extensions.Logging;
using Raft.Fsm;
using Raft.Observability;
using Raft.Snapshots;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>
/// Makes a server that does not run the beginning of a cluster of other members: all that it has, committed or not, goes
/// into one snapshot, in which the new members stand, and its log is gone (see docs/recovery.md).
/// </summary>
/// <remarks>
/// Up to the commit of that snapshot everything is as before, also after a crash; from then on everything is recovered:
/// by <see cref="RecoveryMark"/> a start, or another recovery, finishes what was left.
/// </remarks>
internal sealed class ClusterRecovery(
    RaftConfig config, ILogStore log, IStableStore stable, ISnapshotStore snapshots, RaftRuntime runtime)
{
    /// <summary>Where the new configuration counts as coming from: the first entry, as in a cluster that was just founded.</summary>
    public const ulong ConfigurationIndex = 1;

    private readonly ILogger _logger = config.LoggerFactory.CreateLogger("Raft");
    private readonly RestoreWatch _watch = Watch(config);

    /// <summary>Recovers the server.</summary>
    /// <param name="fsm">The state machine, empty; of no use afterwards.</param>
    /// <param name="configuration">The members from now on.</param>
    /// <param name="acceptsUncommitted">Whether entries that are not known to be committed may be forced.</param>
    public async Task<RecoveryReport> RunAsync(IFsm fsm, ClusterConfiguration configuration, bool acceptsUncommitted)
    {
        IReadOnlyList<SnapshotMeta> kept = await snapshots.ListAsync();
        if (log.LastIndex == 0 && kept.Count == 0)
        {
            throw new NothingToRecoverException(
                "There is nothing to recover: the stores hold no entries and no snapshot. A new cluster is bootstrapped.");
        }

        SnapshotMeta? restored = await NewestSnapshot.RestoreAsync(
            config, kept, fsm, held: default, snapshots, runtime.FsmScheduler, runtime.UserScheduler, _watch);
        RecoveredLog found = await RecoveredLog.ReadAsync(
            log, stable, restored, kept, held: default, runtime.Mutation);
        Require(found, acceptsUncommitted);

        // What an earlier recovery left undone first: its log must not outlive its mark. A mark of a snapshot that is not
        // there stays until that of the new one takes its place.
        if (found.IsLogOver)
        {
            await found.FinishAsync(log, stable);
        }

        SnapshotMeta written = await OneTask.Run(runtime.FsmScheduler, async () =>
        {
            await ApplyAsync(fsm, found);
            return await WriteAsync(fsm, new SnapshotPoint(found.LastIndex, found.LastTerm, configuration, ConfigurationIndex));
        });
        await RequireNewestAsync(written);
        await RecoveredLog.DropAsync(log);
        await RecoveryMark.ClearAsync(stable);
        _logger.Recovered(config.LocalId, written.Index, written.Term, configuration);
        return new RecoveryReport(found.LastIndex, found.LastTerm, found.CommitIndex, written.Id);
    }

    private static RestoreWatch Watch(RaftConfig config)
    {
        var clock = new NodeClock(config.TimeProvider);
        return new RestoreWatch(
            config.LocalId, clock, new RaftMeter(meter: null, clock).Fsm.Restore, config.LoggerFactory.CreateLogger("Raft"));
    }

    private void Require(RecoveredLog found, bool acceptsUncommitted)
    {
        if (found.Rejoin.Index > found.LastIndex)
        {
            throw new NothingToRecoverException(
                $"This server lost its disk and has not got its log back: it ends at entry {found.LastIndex}, and it was removed by "
                + $"entry {found.Rejoin.Index}. Nothing was changed. Recover another server, and let this one join it, empty.");
        }

        if (found.LastIndex > found.CommitIndex)
        {
            if (!acceptsUncommitted)
            {
                throw new UncommittedEntriesException(found.CommitIndex, found.LastIndex, found.LastTerm);
            }

            _logger.EntriesForced(config.LocalId, found.CommitIndex + 1, found.LastIndex, found.LastTerm);
        }
    }

    /// <summary>Gives the state machine every command behind the snapshot, and every user's restore that is whole.</summary>
    private async Task ApplyAsync(IFsm fsm, RecoveredLog found)
    {
        var restores = new RestoreTracker(log);
        for (ulong next = (found.Snapshot?.Index ?? 0) + 1; next <= found.LastIndex;)
        {
            LogBatch batch = await log.ReadAsync(next, found.LastIndex, RecoveredLog.ReadBytes);
            for (int i = 0; i < batch.Count; i++)
            {
                await ApplyAsync(fsm, batch[i], restores);
            }

            next = batch.LastIndex + 1;
        }
    }

    private async Task ApplyAsync(IFsm fsm, LogEntry entry, RestoreTracker restores)
    {
        RestorePieces? state = entry.Type == LogType.Noop ? restores.Pass(entry) : null;
        try
        {
            if (entry.Type == LogType.Command)
            {
                fsm.Apply(entry);
            }
            else if (state is not null)
            {
                await SnapshotRestore.RunAsync(
                    fsm, state, new AppliedPoint(entry.Index, entry.Term), runtime.UserScheduler, _watch, CancellationToken.None);
            }
        }
        catch (InvalidDataException) when (state is { Failure: null })
        {
            // The same bytes are refused on every server, and change nothing on any.
        }
        catch (Exception thrown) when (state?.Failure is null)
        {
            throw new RaftException(
                $"The state machine threw at entry {entry.Index} of term {entry.Term}: {thrown.Message}. Nothing was changed.", thrown);
        }
    }

    private async Task<SnapshotMeta> WriteAsync(IFsm fsm, SnapshotPoint point)
    {
        using IFsmSnapshot state = fsm.Snapshot();
        await using ISnapshotSink sink = await snapshots.CreateAsync(point);
        using var stream = new SnapshotWriteStream(sink, runtime.UserScheduler);
        await state.PersistAsync(stream, CancellationToken.None);
        await stream.EndAsync();
        await RecoveryMark.SaveAsync(stable, sink.Id);
        return await sink.CommitAsync();
    }

    /// <summary>A store that keeps nothing, or another snapshot before this one, must not cost the server its log.</summary>
    private async Task RequireNewestAsync(SnapshotMeta written)
    {
        IReadOnlyList<SnapshotMeta> kept = await snapshots.ListAsync();
        if (kept.Count == 0 || kept[0].Id != written.Id)
        {
            throw new StoreException(
                $"The snapshot {written.Id} with the recovered state is not the newest of its store, which is "
                + $"{(kept.Count == 0 ? "none" : kept[0].Id)}. The server is as it was. Does the store keep snapshots, and was the clock set "
                + "back since the last one? Mend that, and recover again.");
        }
    }
}
