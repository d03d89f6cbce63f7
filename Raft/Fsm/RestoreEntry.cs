using System.Buffers.Binary;

namespace Raft.Fsm;

/// <summary>
/// What a user's restore puts into the log: entries that no state machine takes, with the new state's bytes. They are
/// Noops to a server that does not know them; what they are stands in their extensions.
/// </summary>
/// <param name="Kind">What the entry is of a restore.</param>
/// <param name="BeginIndex">The index of the restore's first entry, which names it; 0 in that entry itself.</param>
/// <param name="Size">How many bytes the new state has; only in the last entry.</param>
internal readonly record struct RestoreEntry(RestoreEntryKind Kind, ulong BeginIndex, long Size)
{
    private const int Bytes = 1 + 8 + 8;

    private static ReadOnlySpan<byte> Magic => "\0raft restore\0"u8;

    /// <summary>The extensions that say so.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[Magic.Length + Bytes];
        Magic.CopyTo(bytes);
        bytes[Magic.Length] = (byte)Kind;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(Magic.Length + 1), BeginIndex);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(Magic.Length + 9), Size);
        return bytes;
    }

    /// <summary>Looks whether an entry is of a restore.</summary>
    public static bool TryRead(LogEntry entry, out RestoreEntry restore)
    {
        restore = default;
        return entry.Type == LogType.Noop && TryRead(entry.Type, entry.Extensions.Span, out restore);
    }

    /// <summary>Looks whether what is, or is to be, an entry is of a restore.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="bytes">Its extensions.</param>
    /// <param name="restore">What it is of one.</param>
    public static bool TryRead(LogType type, ReadOnlySpan<byte> bytes, out RestoreEntry restore)
    {
        restore = default;
        if (type != LogType.Noop)
        {
            return false;
        }

        if (bytes.Length != Magic.Length + Bytes || !bytes.StartsWith(Magic))
        {
            return false;
        }

        restore = new RestoreEntry(
            (RestoreEntryKind)bytes[Magic.Length], BinaryPrimitives.ReadUInt64BigEndian(bytes[(Magic.Length + 1)..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[(Magic.Length + 9)..]));
        return true;
    }
}
