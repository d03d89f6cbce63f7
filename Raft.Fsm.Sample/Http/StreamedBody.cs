namespace Raft.Fsm.Sample.Http;

/// <summary>A body that is not held in memory: read from its source while it is written.</summary>
/// <param name="length">How many bytes it will have; null where that is not known before.</param>
/// <param name="writeAsync">Writes it.</param>
/// <param name="source">What it comes from, let go of in any case.</param>
internal sealed class StreamedBody(
    long? length, Func<Stream, CancellationToken, Task> writeAsync, Func<ValueTask> source) : IAsyncDisposable
{
    private const int PieceBytes = 64 << 10;

    /// <summary>How many bytes it will have; null where that is not known before.</summary>
    public long? Length => length;

    /// <summary>A stored snapshot.</summary>
    public static StreamedBody Of(ISnapshotSource snapshot) => new(
        snapshot.Meta.Size, (destination, cancellationToken) => CopyAsync(snapshot, destination, cancellationToken),
        snapshot.DisposeAsync);

    /// <summary>A state that was never stored.</summary>
    public static StreamedBody Of(IFsmSnapshot state) => new(length: null, state.PersistAsync, () =>
    {
        state.Dispose();
        return ValueTask.CompletedTask;
    });

    /// <summary>Writes it.</summary>
    public Task WriteAsync(Stream destination, CancellationToken cancellationToken) =>
        writeAsync(destination, cancellationToken);

    public ValueTask DisposeAsync() => source();

    private static async Task CopyAsync(ISnapshotBody from, Stream to, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[PieceBytes];
        int read;
        while ((read = await from.ReadAsync(buffer)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
