using System.Buffers.Binary;
using System.Text;

namespace Raft.Stores.Wal.Stable;

/// <summary>
/// The bytes of a term-and-vote record: a version, then fields that each begin with their length. A later version may
/// add fields behind these, which this one passes over.
/// </summary>
internal static class TermAndVoteEncoding
{
    /// <summary>Where the vote begins, behind the version and the term.</summary>
    public const int VoteAt = 1 + sizeof(ushort) + sizeof(ulong);

    private const byte Version = 1;
    private const ushort NullLength = ushort.MaxValue;

    // The version, three lengths and the term.
    private const int FramingBytes = 1 + (3 * sizeof(ushort)) + sizeof(ulong);

    /// <summary>Encodes a record.</summary>
    /// <exception cref="ArgumentException">A name in it is too long for the sector that it must fit into.</exception>
    public static byte[] Encode(TermAndVote record)
    {
        byte[]? votedFor = Utf8(record.VotedFor.Value);
        byte[]? address = Utf8(record.VotedForAddress.Value);
        byte[] bytes = new byte[FramingBytes + (votedFor?.Length ?? 0) + (address?.Length ?? 0)];
        if (bytes.Length > RecordSlot.PayloadBytesMax)
        {
            throw new ArgumentException(
                $"The server's id and address have {bytes.Length - FramingBytes} bytes; a term-and-vote record has room for "
                + $"{RecordSlot.PayloadBytesMax - FramingBytes}. Nothing was written.",
                nameof(record));
        }

        bytes[0] = Version;
        Span<byte> rest = bytes.AsSpan(1);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(rest[2..], record.Term);
        rest = rest[(2 + sizeof(ulong))..];
        WriteText(ref rest, votedFor);
        WriteText(ref rest, address);
        return bytes;
    }

    /// <summary>Decodes a record.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static TermAndVote Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes[0] != Version)
        {
            throw new FormatException("The term-and-vote record is of another version.");
        }

        bytes = bytes[1..];
        ReadOnlySpan<byte> term = ReadField(ref bytes, out _);
        if (term.Length != sizeof(ulong))
        {
            throw new FormatException("The term-and-vote record has a term of another size.");
        }

        string? votedFor = ReadText(ref bytes);
        string? address = ReadText(ref bytes);
        return new TermAndVote(BinaryPrimitives.ReadUInt64LittleEndian(term), votedFor, address);
    }

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static void WriteText(ref Span<byte> destination, byte[]? text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination, text is null ? NullLength : (ushort)text.Length);
        text?.CopyTo(destination[2..]);
        destination = destination[(2 + (text?.Length ?? 0))..];
    }

    private static string? ReadText(ref ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> text = ReadField(ref source, out bool isNull);
        return isNull ? null : Encoding.UTF8.GetString(text);
    }

    private static ReadOnlySpan<byte> ReadField(ref ReadOnlySpan<byte> source, out bool isNull)
    {
        ushort length = source.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(source)
            : throw new FormatException("The term-and-vote record ends within a field.");
        isNull = length == NullLength;
        int bytes = isNull ? 0 : length;
        if (source.Length < 2 + bytes)
        {
            throw new FormatException("The term-and-vote record ends within a field.");
        }

        ReadOnlySpan<byte> field = source.Slice(2, bytes);
        source = source[(2 + bytes)..];
        return field;
    }
}
