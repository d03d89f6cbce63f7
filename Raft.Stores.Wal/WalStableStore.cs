using Raft.Stores.Wal.Stable;

namespace Raft.Stores.Wal;

/// <summary>The term and vote of a <see cref="WalStore"/>. Writes come one at a time.</summary>
internal sealed class WalStableStore(StableRecordFile file, ValuesFile values, WriteFuse fuse) : IStableStore
{
    private bool _isWriting;

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(file.Record);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(TermAndVote record)
    {
        byte[] bytes = TermAndVoteEncoding.Encode(record);
        BeginWrite();
        try
        {
            await file.SaveAsync(record, bytes);
        }
        catch (Exception failure)
        {
            throw fuse.Blow(file.FilePath, failure);
        }
        finally
        {
            _isWriting = false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        byte[] bytes = values.With(key.Span, value.Span, out SortedDictionary<string, byte[]> changed);
        BeginWrite();
        try
        {
            await values.ReplaceAsync(bytes, changed);
        }
        catch (Exception failure)
        {
            throw fuse.Blow(values.FilePath, failure);
        }
        finally
        {
            _isWriting = false;
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => ValueTask.FromResult(values.Get(key.Span));

    private void BeginWrite()
    {
        fuse.Check();
        Invariant.Require(!_isWriting, "a stable store has one writer, which writes one thing at a time");
        _isWriting = true;
    }
}
