using Raft.Fsm;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Snapshots;

/// <summary>The snapshot that a server begins with.</summary>
internal static class NewestSnapshot
{
    /// <summary>Restores the state machine from the newest snapshot that can be read, unless it has that state already.</summary>
    /// <param name="config">The server's settings.</param>
    /// <param name="kept">What its store holds, the newest first.</param>
    /// <param name="fsm">The state machine.</param>
    /// <param name="held">How far its state reaches; nowhere for one that is empty.</param>
    /// <param name="store">The store.</param>
    /// <param name="fsmScheduler">Where the state machine runs.</param>
    /// <param name="streamScheduler">Where a state machine that reads without awaiting has its reads done.</param>
    /// <param name="watch">Told how far it is.</param>
    /// <returns>The snapshot to go on from; null where there is none.</returns>
    /// <exception cref="StoreException">There are some, and none of them can be restored.</exception>
    public static async Task<SnapshotMeta?> RestoreAsync(
        RaftConfig config, IReadOnlyList<SnapshotMeta> kept, IFsm fsm, AppliedPoint held, ISnapshotStore store,
        TaskScheduler fsmScheduler, TaskScheduler streamScheduler, RestoreWatch watch)
    {
        StoreException? failure = null;
        foreach (SnapshotMeta snapshot in kept)
        {
            if (snapshot.Index <= held.Index)
            {
                return snapshot;
            }

            try
            {
                ISnapshotSource source = await store.OpenAsync(snapshot.Id);
                return await OneTask.Run(fsmScheduler, async () =>
                {
                    await SnapshotRestore.RunAsync(fsm, source, streamScheduler, watch, CancellationToken.None);
                    return snapshot;
                });
            }
            catch (Exception cause) when (cause is not RaftFatalException)
            {
                // An older one does too, as long as the log leads from its end to where the newest ends: that is looked at
                // next.
                config.LoggerFactory.CreateLogger("Raft").SnapshotPassedOver(config.LocalId, snapshot.Id, cause.Message);
                failure ??= new StoreException(
                    $"None of the {kept.Count} snapshots can be restored; the newest, {snapshot.Id}: {cause.Message}", cause);
            }
        }

        return failure is null ? null : throw failure;
    }
}
