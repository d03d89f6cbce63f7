using System.Buffers.Binary;

namespace Raft.Storage;

/// <summary>
/// The longest promise that this server may have given its leader to elect nobody else. Durable before it gives one so long: a server
/// that starts again does not know what it promised, and keeps to that time.
/// </summary>
internal static class PromiseLimit
{
    private const int Bytes = 8;

    /// <summary>Under which key it stands in the stable store.</summary>
    private static ReadOnlyMemory<byte> Key { get; } = "raft/promise"u8.ToArray();

    /// <summary>Reads it.</summary>
    /// <returns>The time; zero where none was ever given.</returns>
    public static async ValueTask<TimeSpan> LoadAsync(IStableStore store)
    {
        byte[]? value = await store.GetAsync(Key);
        if (value is null)
        {
            return TimeSpan.Zero;
        }

        long ticks = value.Length == Bytes ? BinaryPrimitives.ReadInt64BigEndian(value) : -1;
        return ticks >= 0 && ticks <= TimeSpan.FromDays(10).Ticks
            ? TimeSpan.FromTicks(ticks)
            : throw new CorruptStoreException(
                "The value 'raft/promise' is no time of at most 10 days. Nothing was changed; restore the data directory, or remove this "
                + "server from its cluster and let it rejoin with an empty one.");
    }

    /// <summary>Writes it, durably.</summary>
    public static ValueTask SaveAsync(IStableStore store, TimeSpan most)
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(value, most.Ticks);
        return store.SetAsync(Key, value);
    }
}
