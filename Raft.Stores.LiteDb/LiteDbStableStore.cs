using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Writing;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.LiteDb;

/// <summary>The term and vote of a <see cref="LiteDbStore"/>, and the values beside them. Writes come one at a time.</summary>
internal sealed class LiteDbStableStore(StoreThread thread, TermAndVote? record, StoredValues values)
    : IStableStore, IStableKeys
{
    private TermAndVote? _record = record;
    private StoredValues _values = values;

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
        StoredValues changed = _values.With(key.Span, value.Span);
        await WriteAsync(RecordIds.Values, changed.Encode());
        _values = changed;
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
