namespace Raft;

/// <summary>
/// Takes snapshots and keeps none of them, so that a node never compacts its log: for tests that look at the whole log.
/// </summary>
/// <remarks>A node with it cannot install a snapshot of a leader either: it must hold the log from its beginning.</remarks>
public sealed class DiscardSnapshotStore : ISnapshotStore
{
    /// <inheritdoc/>
    public ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point) => ValueTask.FromResult<ISnapshotSink>(new Sink(point));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync() => ValueTask.FromResult<IReadOnlyList<SnapshotMeta>>([]);

    /// <inheritdoc/>
    public ValueTask<ISnapshotSource> OpenAsync(string id) =>
        throw new StoreException($"There is no snapshot {id}: this store keeps none.");

    private sealed class Sink(SnapshotPoint point) : ISnapshotSink
    {
        private long _size;

        public string Id => "discarded";

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            _size += bytes.Length;
            return ValueTask.CompletedTask;
        }

        public ValueTask<SnapshotMeta> CommitAsync() => ValueTask.FromResult(new SnapshotMeta(Id, point, _size));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
