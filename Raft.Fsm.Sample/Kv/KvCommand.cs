namespace Raft.Fsm.Sample.Kv;

/// <summary>One command of the key-value store, as it stands in the log.</summary>
/// <param name="Operation">What to do.</param>
/// <param name="Key">The key: 1 to 512 bytes of UTF-8 in commands of ours.</param>
internal sealed record KvCommand(KvOperation Operation, string Key)
{
    /// <summary>The new value; empty for a delete.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>What a compare-and-swap expects the key to have; null for "no value at all".</summary>
    public byte[]? Expected { get; init; }

    /// <summary>The client that numbers its requests; null for one that does not.</summary>
    public string? Client { get; init; }

    /// <summary>The client's number of this request.</summary>
    public ulong Request { get; init; }
}
