using Raft.Core;
using Raft.Fsm;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Snapshots;

/// <summary>Writes held states to the snapshot store, on a scheduler where user code may take its time.</summary>
/// <param name="Store">The store.</param>
/// <param name="Board">How far the state machine has come.</param>
/// <param name="Tasks">Runs the writing.</param>
/// <param name="StreamScheduler">Where a state that is written without awaiting has its writes done.</param>
/// <param name="Meter">Told how long it takes.</param>
internal sealed record SnapshotContext(
    ISnapshotStore Store, NodeBoard Board, TaskGroup Tasks, TaskScheduler StreamScheduler, StorageMeter Meter)
{
    /// <summary>Writes a state and makes it durable. The state is disposed in any case.</summary>
    /// <param name="captured">The state.</param>
    /// <param name="point">Where it stands.</param>
    public Task<SnapshotMeta> PersistAsync(IFsmSnapshot captured, SnapshotPoint point)
    {
        var outcome = new TaskCompletionSource<SnapshotMeta>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Tasks.Start("writing a snapshot", () => WriteAsync(captured, point, outcome)))
        {
            captured.Dispose();
            outcome.SetException(new RaftShutdownException("The node was stopped."));
        }

        return outcome.Task;
    }

    /// <summary>Whether the store really holds a snapshot: one that keeps none must not cost the log its entries.</summary>
    public async ValueTask<bool> IsKeptAsync(SnapshotMeta snapshot) =>
        (await Store.ListAsync()).Any(s => s.Id == snapshot.Id);

    private async Task WriteAsync(
        IFsmSnapshot captured, SnapshotPoint point, TaskCompletionSource<SnapshotMeta> outcome)
    {
        try
        {
            using (captured)
            {
                outcome.SetResult(await WriteAsync(captured, point));
            }
        }
        catch (Exception failure)
        {
            outcome.TrySetException(failure);
        }
    }

    private async Task<SnapshotMeta> WriteAsync(IFsmSnapshot captured, SnapshotPoint point)
    {
        TimeSpan? began = Meter.CreateSnapshot.Begin();
        await using ISnapshotSink sink = await Store.CreateAsync(point);
        Meter.CreateSnapshot.End(began);
        began = Meter.PersistSnapshot.Begin();
        using var stream = new SnapshotWriteStream(sink, StreamScheduler);
        await captured.PersistAsync(stream, Tasks.Stopping);

        // A state that heard of the stop and ended early must not be taken for whole.
        Tasks.Stopping.ThrowIfCancellationRequested();
        await stream.EndAsync();
        Meter.PersistSnapshot.End(began);
        return await sink.CommitAsync();
    }
}
