namespace Raft;

/// <summary>
/// A term-and-vote record that lives as long as its process. Every operation completes before it returns.
/// </summary>
/// <remarks>A server that forgets its vote could vote twice in a term: it must not come back under its old id (§5.2).</remarks>
public sealed class InMemoryStableStore : IStableStore, IStableKeys
{
    // By the key in hexadecimal, whose order is that of the bytes.
    private readonly SortedDictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    // Values may be read by the application beside the node; nothing waits while it is held.
    private readonly Lock _lock = new();
    private TermAndVote? _record;

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync()
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_record);
        }
    }

    /// <inheritdoc/>
    public ValueTask SaveAsync(TermAndVote record)
    {
        lock (_lock)
        {
            _record = record;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        lock (_lock)
        {
            _values[Convert.ToHexString(key.Span)] = value.ToArray();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(
                _values.TryGetValue(Convert.ToHexString(key.Span), out byte[]? value) ? value.AsSpan().ToArray() : null);
        }
    }
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync()
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<byte[]>>([.. _values.Keys.Select(Convert.FromHexString)]);
        }
    }
}
