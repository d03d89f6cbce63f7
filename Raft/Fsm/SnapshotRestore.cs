namespace Raft.Fsm;

/// <summary>Replaces a state machine's state by a snapshot's, and sees to it that the snapshot was whole.</summary>
internal static class SnapshotRestore
{
    /// <summary>Restores, on the scheduler of the caller, and disposes the snapshot in any case.</summary>
    /// <param name="fsm">The state machine, between two calls.</param>
    /// <param name="snapshot">The snapshot, open.</param>
    /// <param name="streamScheduler">Where a state machine that reads without awaiting has its reads done.</param>
    /// <param name="watch">Told how far it is.</param>
    /// <param name="cancellationToken">The node stops.</param>
    public static async Task RunAsync(
        IFsm fsm, ISnapshotSource snapshot, TaskScheduler streamScheduler, RestoreWatch watch, CancellationToken cancellationToken)
    {
        await using (snapshot)
        {
            var at = new AppliedPoint(snapshot.Meta.Index, snapshot.Meta.Term);
            await RunAsync(fsm, snapshot, at, streamScheduler, watch, cancellationToken);
        }
    }

    /// <summary>Restores, on the scheduler of the caller.</summary>
    /// <param name="fsm">The state machine, between two calls.</param>
    /// <param name="body">The new state.</param>
    /// <param name="at">The entry at which it is the state.</param>
    /// <param name="streamScheduler">Where a state machine that reads without awaiting has its reads done.</param>
    /// <param name="watch">Told how far it is.</param>
    /// <param name="cancellationToken">The node stops.</param>
    public static async Task RunAsync(
        IFsm fsm, ISnapshotBody body, AppliedPoint at, TaskScheduler streamScheduler, RestoreWatch watch,
        CancellationToken cancellationToken)
    {
        watch.Begin();
        using var stream = new SnapshotReadStream(body, streamScheduler, watch);
        await (fsm is IDurableFsm durable
            ? durable.RestoreAsync(stream, at, cancellationToken)
            : fsm.RestoreAsync(stream, cancellationToken));

        // The checksum speaks of all bytes: a state machine that stops before the end has not heard it.
        await stream.DrainAsync();
        watch.End();
    }
}
