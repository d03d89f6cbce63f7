using Raft.Observability;

namespace Raft.Fsm;

/// <summary>Replaces a state machine's state by a snapshot's, and sees to it that the snapshot was whole.</summary>
internal static class SnapshotRestore
{
    /// <summary>Restores, on the scheduler of the caller, and disposes the snapshot in any case.</summary>
    /// <param name="fsm">The state machine, between two calls.</param>
    /// <param name="snapshot">The snapshot, open.</param>
    /// <param name="streamScheduler">Where a state machine that reads without awaiting has its reads done.</param>
    /// <param name="meter">Told how long it took.</param>
    /// <param name="cancellationToken">The node stops.</param>
    public static async Task RunAsync(
        IFsm fsm, ISnapshotSource snapshot, TaskScheduler streamScheduler, TimeMeter meter, CancellationToken cancellationToken)
    {
        await using (snapshot)
        {
            await RunAsync(fsm, (ISnapshotBody)snapshot, streamScheduler, meter, cancellationToken);
        }
    }

    /// <summary>Restores, on the scheduler of the caller.</summary>
    /// <param name="fsm">The state machine, between two calls.</param>
    /// <param name="body">The new state.</param>
    /// <param name="streamScheduler">Where a state machine that reads without awaiting has its reads done.</param>
    /// <param name="meter">Told how long it took.</param>
    /// <param name="cancellationToken">The node stops.</param>
    public static async Task RunAsync(
        IFsm fsm, ISnapshotBody body, TaskScheduler streamScheduler, TimeMeter meter, CancellationToken cancellationToken)
    {
        TimeSpan? began = meter.Begin();
        using var stream = new SnapshotReadStream(body, streamScheduler);
        await fsm.RestoreAsync(stream, cancellationToken);

        // The checksum speaks of all bytes: a state machine that stops before the end has not heard it.
        await stream.DrainAsync();
        meter.End(began);
    }
}
