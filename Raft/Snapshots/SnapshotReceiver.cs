using Raft.Mutations;
using Raft.Timing;

namespace Raft.Snapshots;

/// <summary>
/// Receives leaders' snapshots, each to a sink of its own, beside everything else, and tells the loop when one is
/// durable. One at a time: a newer request means that its sender has given up the one before.
/// </summary>
/// <param name="store">Where they go.</param>
/// <param name="tasks">Runs the receiving.</param>
/// <param name="events">Where the loop hears of it.</param>
/// <param name="mutation">The bug planted here; none in production.</param>
internal sealed class SnapshotReceiver(
    ISnapshotStore store, TaskGroup tasks, ISnapshotEvents events, Mutation mutation)
{
    private const int PieceBytes = 64 << 10;

    private int _newest;

    /// <summary>Begins to receive. Called by the loop.</summary>
    /// <param name="rpc">The request; answered by the loop once the snapshot is durable, or cannot be.</param>
    /// <param name="request">The request.</param>
    /// <param name="point">Where the snapshot stands.</param>
    public void Begin(IncomingRpc rpc, InstallSnapshotRequest request, SnapshotPoint point)
    {
        int number = Interlocked.Increment(ref _newest);
        if (!tasks.Start("receiving a snapshot", () => ReceiveAsync(number, rpc, request, point)))
        {
            rpc.Respond(null, "the node was stopped");
        }
    }

    /// <summary>Closes a snapshot that is not wanted after all.</summary>
    public void Close(ISnapshotSource? source)
    {
        if (source is not null)
        {
            tasks.Start("closing a snapshot", () => CloseAsync(source));
        }
    }

    private static async Task CloseAsync(ISnapshotSource source)
    {
        try
        {
            await source.DisposeAsync();
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // Nobody reads it, and nothing depends on it.
        }
    }

    private async Task ReceiveAsync(int number, IncomingRpc rpc, InstallSnapshotRequest request, SnapshotPoint point)
    {
        ISnapshotSource? source = null;
        Exception? failure = null;
        try
        {
            source = mutation == Mutation.LogResetBeforeSnapshot
                ? await ReceiveLaxlyAsync(number, rpc, request, point)
                : await ReceiveAsync(number, rpc.Body, request.Size, point);
        }
        catch (Exception cause) when (cause is not RaftFatalException)
        {
            failure = cause;
        }

        if ((source is not null || failure is not null)
            && !events.TryPost(new ReceivedSnapshot(rpc, request, source, failure)))
        {
            rpc.Respond(null, "the node was stopped");
            if (source is not null)
            {
                await CloseAsync(source);
            }
        }
    }

    private async Task<ISnapshotSource> ReceiveAsync(int number, ISnapshotBody? body, long size, SnapshotPoint point)
    {
        await using ISnapshotSink sink = await store.CreateAsync(point);
        await CopyAsync(number, body, size, sink);
        SnapshotMeta meta = await sink.CommitAsync();

        // Opened at once: a newer one may take its place before the state machine comes to it.
        return await store.OpenAsync(meta.Id);
    }

    private async Task CopyAsync(int number, ISnapshotBody? body, long size, ISnapshotSink sink)
    {
        byte[] piece = new byte[(int)Math.Clamp(size, 1, PieceBytes)];
        long received = 0;
        for (int read; body is not null && (read = await body.ReadAsync(piece)) > 0; received += read)
        {
            await sink.WriteAsync(piece.AsMemory(0, read));
            if (number != Volatile.Read(ref _newest) || tasks.Stopping.IsCancellationRequested)
            {
                throw new TransportException(TransportFailure.Shutdown, "it was given up for another");
            }
        }

        if (received != size)
        {
            throw new TransportException(
                TransportFailure.Malformed, $"{size} bytes were announced and {received} came");
        }
    }

    /// <summary>Wrong, on purpose: the loop swaps the snapshot in before it is durable.</summary>
    private async Task<ISnapshotSource?> ReceiveLaxlyAsync(
        int number, IncomingRpc rpc, InstallSnapshotRequest request, SnapshotPoint point)
    {
        var memory = new InMemorySnapshotStore();
        await using ISnapshotSink copy = await memory.CreateAsync(point);
        await CopyAsync(number, rpc.Body, request.Size, copy);
        SnapshotMeta meta = await copy.CommitAsync();
        events.TryPost(new ReceivedSnapshot(rpc, request, await memory.OpenAsync(meta.Id), Failure: null));
        await using ISnapshotSource source = await memory.OpenAsync(meta.Id);
        await using ISnapshotSource late = await ReceiveAsync(number, source, meta.Size, point);
        return null;
    }
}
