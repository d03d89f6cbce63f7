using System.Buffers.Binary;

namespace Raft.Storage;

/// <summary>
/// The entry that removed a server after it had lost its disk, and was committed in its own term. In its new life the server
/// keeps to that term, and until its log reaches that entry it counts as one that has it: so nothing that the lost disk
/// promised can be broken (see docs/architecture.md, "A lost disk").
/// </summary>
/// <param name="Index">The entry's index.</param>
/// <param name="Term">The entry's term.</param>
internal readonly record struct RejoinPoint(ulong Index, ulong Term)
{
    private const int Bytes = 16;

    /// <summary>Under which key it stands in the stable store.</summary>
    private static ReadOnlyMemory<byte> Key { get; } = "raft/rejoin"u8.ToArray();

    /// <summary>Whether this removal is later than another, or of a later term.</summary>
    public bool IsAbove(RejoinPoint other) => Index > other.Index || Term > other.Term;

    /// <summary>Reads what a server was told.</summary>
    /// <returns>The point; (0, 0) where there is none.</returns>
    public static async ValueTask<RejoinPoint> LoadAsync(IStableStore store)
    {
        byte[]? value = await store.GetAsync(Key);
        if (value is null)
        {
            return default;
        }

        return value.Length == Bytes
            ? new RejoinPoint(
                BinaryPrimitives.ReadUInt64BigEndian(value), BinaryPrimitives.ReadUInt64BigEndian(value.AsSpan(8)))
            : throw new CorruptStoreException(
                $"The value 'raft/rejoin' has {value.Length} bytes instead of {Bytes}. Nothing was changed; restore the data "
                + "directory, or remove this server from its cluster and let it rejoin with an empty one.");
    }

    /// <summary>Writes it, durably.</summary>
    public ValueTask SaveAsync(IStableStore store)
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(value, Index);
        BinaryPrimitives.WriteUInt64BigEndian(value.AsSpan(8), Term);
        return store.SetAsync(Key, value);
    }
}
