using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Writing;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.LiteDb;

/// <summary>The term and vote of a <see cref="LiteDbStore"/>, and the values beside them.</summary>
internal sealed class LiteDbStableStore(StoreThread thread, TermAndVote? record, StoredValues values)
    : IStableStore, IStableKeys
{
    // Set by whoever changes a value, at any time, in the order in which the changes are queued: each builds on the one before.
    private readonly Lock _lock = new();
    private StoredValues _newest = values;
    private long _changes;

    private TermAndVote? _record = record;
    private StoredValues _values = values;
    private long _visible;

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(_record);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(TermAndVote record)
    {
        await WriteAsync(RecordIds.TermAndVote, TermAndVoteEncoding.Encode(record));
        _record = record;
    }

    /// <inheritdoc/>
    public async ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        StoredValues changed;
        long change;
        Task written;
        lock (_lock)
        {
            changed = _newest.With(key.Span, value.Span);
            written = WriteAsync(RecordIds.Values, changed.Encode());
            _newest = changed;
            change = ++_changes;
        }

        await written;
        lock (_lock)
        {
            if (change > _visible)
            {
                (_values, _visible) = (changed, change);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => ValueTask.FromResult(_values.Get(key.Span));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync() => ValueTask.FromResult(_values.Keys);

    private Task WriteAsync(ulong id, byte[] content) => thread.WriteAsync((_, changes) =>
    {
        changes.Written.Add((DocumentSet.Records, id, RecordEncoding.Encode(id, content)));
        return true;
    });
}
