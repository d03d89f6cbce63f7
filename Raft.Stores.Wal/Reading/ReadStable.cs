using Raft.Stores.Wal.Stable;

namespace Raft.Stores.Wal.Reading;

/// <summary>The term and vote of a <see cref="WalReader"/>, and the values beside them. Nothing is ever written.</summary>
internal sealed class ReadStable(string directory, TermAndVote? record, StoredValues values) : IStableStore, IStableKeys
{
    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(record);

    /// <inheritdoc/>
    public ValueTask SaveAsync(TermAndVote record) => throw WalReader.ReadOnly(directory);

    /// <inheritdoc/>
    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => throw WalReader.ReadOnly(directory);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => ValueTask.FromResult(values.Get(key.Span));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync() => ValueTask.FromResult(values.Keys);
}
