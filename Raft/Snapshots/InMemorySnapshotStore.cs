using System.Globalization;

namespace Raft;

/// <summary>
/// Snapshots that live as long as their process: for tests and for servers whose state may be lost with the machine.
/// It keeps the newest one. Every operation completes before it returns.
/// </summary>
public sealed class InMemorySnapshotStore : ISnapshotStore
{
    // Sinks and sources are used by tasks on several schedulers; nothing waits while it is held.
    private readonly Lock _lock = new();
    private Snapshot? _newest;
    private long _created;

    /// <inheritdoc/>
    public ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        string id = string.Create(
            CultureInfo.InvariantCulture, $"{point.Term}-{point.Index}-{Interlocked.Increment(ref _created)}");
        return ValueTask.FromResult<ISnapshotSink>(new Sink(this, id, point));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync()
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<SnapshotMeta>>(_newest is null ? [] : [_newest.Meta]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ISnapshotSource> OpenAsync(string id)
    {
        lock (_lock)
        {
            return _newest?.Meta.Id == id
                ? ValueTask.FromResult<ISnapshotSource>(new Source(_newest))
                : throw new StoreException($"There is no snapshot {id}: it was never complete, or a newer one took its place.");
        }
    }

    private SnapshotMeta Commit(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (_newest is null || Compare(snapshot.Meta, _newest.Meta) >= 0)
            {
                _newest = snapshot;
            }
        }

        return snapshot.Meta;
    }

    private static int Compare(SnapshotMeta one, SnapshotMeta other) =>
        one.Term != other.Term ? one.Term.CompareTo(other.Term) : one.Index.CompareTo(other.Index);

    private sealed record Snapshot(SnapshotMeta Meta, byte[] Bytes);

    private sealed class Sink(InMemorySnapshotStore store, string id, SnapshotPoint point) : ISnapshotSink
    {
        private readonly MemoryStream _bytes = new();

        public string Id => id;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            _bytes.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<SnapshotMeta> CommitAsync() => ValueTask.FromResult(
            store.Commit(new Snapshot(new SnapshotMeta(id, point, _bytes.Length), _bytes.ToArray())));

        public ValueTask DisposeAsync()
        {
            _bytes.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Source(Snapshot snapshot) : ISnapshotSource
    {
        private int _at;

        public SnapshotMeta Meta => snapshot.Meta;

        public ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            int count = Math.Min(buffer.Length, snapshot.Bytes.Length - _at);
            snapshot.Bytes.AsMemory(_at, count).CopyTo(buffer);
            _at += count;
            return ValueTask.FromResult(count);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
