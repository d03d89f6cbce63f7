using Raft.Stores.Wal.Stable;

namespace Raft.Stores.Wal;

/// <summary>The term and vote of a <see cref="WalStore"/>. Writes come one at a time.</summary>
internal sealed class WalStableStore(StableRecordFile file, ValuesFile values, WriteFuse fuse) : IStableStore, IStableKeys
{
    private readonly WriteTurn _turn = new(fuse);

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(file.Record);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(TermAndVote record)
    {
        byte[] bytes = TermAndVoteEncoding.Encode(record);
        _turn.Begin();
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
            _turn.End();
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        StoredValues changed = values.Values.With(key.Span, value.Span);
        byte[] bytes = changed.Encode();
        _turn.Begin();
        try
        {
            await values.ReplaceAsync(changed, bytes);
        }
        catch (Exception failure)
        {
            throw fuse.Blow(values.FilePath, failure);
        }
        finally
        {
            _turn.End();
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => ValueTask.FromResult(values.Values.Get(key.Span));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync() => ValueTask.FromResult(values.Values.Keys);

    /// <summary>Waits for the write under way and closes the file. The fuse is blown before, so that none follows.</summary>
    public async ValueTask CloseAsync()
    {
        await _turn.WhenOverAsync();
        await file.CloseAsync();
    }
}
