using Raft.MsgPack;

namespace Raft;

/// <summary>
/// The bytes of a log entry: one msgpack map in Go's form (keys AppendedAt, Data, Extensions, Index, Term, Type),
/// the same on the wire, in memory and on disk.
/// </summary>
public static class LogEncoding
{
    /// <summary>The most that an entry takes beside its data and extensions.</summary>
    public const int OverheadBytesMax = 96;

    /// <summary>The least that an entry takes in Go's form, of five keys: it has neither a time, nor data, nor extensions.</summary>
    internal const int BytesMin = 1 + 5 + 11 + 6 + 5 + 5 + 5;

    internal const int TimestampBytesMax = 17;

    /// <summary>Reads back the <see cref="LogBatch.Encoded"/> bytes of consecutive entries.</summary>
    /// <param name="encoded">The bytes, which the batch goes on using.</param>
    /// <returns>The entries.</returns>
    /// <exception cref="FormatException">The bytes are not consecutive entries in Go's form.</exception>
    public static LogBatch Decode(ReadOnlyMemory<byte> encoded)
    {
        var layout = new EntryLayout[Math.Max(1, Math.Min(64, encoded.Length / OverheadBytesMax))];
        ulong first = 0;
        int count = 0;
        for (int start = 0; start < encoded.Length;)
        {
            if (count == layout.Length)
            {
                Array.Resize(ref layout, count * 2);
            }

            ulong index = ReadEntry(encoded.Span[start..], start, out EntryFields entry, out bool isGoForm);
            first = count == 0 ? index : first;
            if (!isGoForm || index == 0 || index != first + (ulong)count)
            {
                throw new FormatException($"The entry at byte {start} is not in Go's form or does not follow the one before.");
            }

            layout[count++] = new EntryLayout(entry);
            start = entry.End;
        }

        return count > 0
            ? new LogBatch(first, encoded, layout, count)
            : throw new FormatException("A batch without entries.");
    }

    /// <summary>Reads one entry as tolerantly as Go does, from bytes that hold it whole.</summary>
    /// <param name="source">Begins with the entry.</param>
    /// <param name="start">Where the source begins in the batch's buffer.</param>
    /// <param name="fields">Set to the fields, and where the parts lie.</param>
    /// <param name="isGoForm">Whether the bytes are just what a Go node writes, so that they can be kept as they are.</param>
    /// <returns>The entry's index.</returns>
    internal static ulong ReadEntry(ReadOnlySpan<byte> source, int start, out EntryFields fields, out bool isGoForm) =>
        TryReadEntry(source, start, out fields, out ulong index, out isGoForm)
            ? index
            : throw new MsgPackIncompleteException();

    /// <summary>Reads one entry as tolerantly as Go does, if it is there already.</summary>
    /// <param name="source">Begins with the entry.</param>
    /// <param name="start">Where the source begins in the batch's buffer.</param>
    /// <param name="fields">Set to the fields, and where the parts lie.</param>
    /// <param name="index">The entry's index.</param>
    /// <param name="isGoForm">Whether the bytes are just what a Go node writes, so that they can be kept as they are.</param>
    /// <returns>Whether the source holds the whole entry.</returns>
    internal static bool TryReadEntry(
        ReadOnlySpan<byte> source, int start, out EntryFields fields, out ulong index, out bool isGoForm)
    {
        var reader = new MsgPackReader(source);
        byte head = reader.Peek();
        long pairs = reader.MapHeader();
        // Go 1.7 writes six keys in this order, Go 1.1 the last five.
        isGoForm = head is 0x86 or 0x85;
        int expected = head == 0x86 ? 0 : 1;
        index = 0;
        ulong type = 0;
        fields = new EntryFields { Start = start, DataLength = -1, ExtensionsLength = -1 };
        for (long i = 0; i < pairs && !reader.IsIncomplete; i++)
        {
            isGoForm &= (reader.Peek() & 0xe0) == 0xa0;
            ReadOnlySpan<byte> key = reader.Raw(int.MaxValue, out _);
            int position = Keys.Of(key);
            isGoForm &= position == expected++;
            switch (position)
            {
                case Keys.AppendedAt:
                    LogTimestampEncoding.Read(ref reader, out bool isGoTime);
                    isGoForm &= isGoTime;
                    break;
                case Keys.Data:
                    ReadRaw(ref reader, start, out fields.DataStart, out fields.DataLength, ref isGoForm);
                    break;
                case Keys.Extensions:
                    ReadRaw(ref reader, start, out fields.ExtensionsStart, out fields.ExtensionsLength, ref isGoForm);
                    break;
                case Keys.Index:
                    index = ReadUnsigned(ref reader, ref isGoForm);
                    break;
                case Keys.Term:
                    fields.Term = ReadUnsigned(ref reader, ref isGoForm);
                    break;
                case Keys.Type:
                    type = ReadUnsigned(ref reader, ref isGoForm);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        isGoForm &= expected == 6;
        fields.Type = type <= byte.MaxValue ? (LogType)type : throw new MsgPackException($"{type} is no log type");
        fields.End = start + reader.Position;
        return !reader.IsIncomplete;
    }

    /// <summary>How many bytes an entry takes in Go's form.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="fields">Its term, its type, and the lengths of its parts.</param>
    /// <param name="appendedAtLength">How long the encoded time is; 0 for none.</param>
    internal static int SizeOf(ulong index, in EntryFields fields, int appendedAtLength) =>
        1 + (appendedAtLength == 0 ? 0 : "AppendedAt"u8.Length + 1 + appendedAtLength)
        + "Data"u8.Length + 1 + RawBytes(fields.DataLength)
        + BeforeExtensions(fields.ExtensionsLength) + Math.Max(0, fields.ExtensionsLength)
        + "Index"u8.Length + 1 + UnsignedBytes(index) + "Term"u8.Length + 1 + UnsignedBytes(fields.Term)
        + "Type"u8.Length + 1 + UnsignedBytes((byte)fields.Type);

    /// <summary>What stands between the command and the bytes beside it: their key and the header of so many bytes.</summary>
    internal static int BeforeExtensions(int length) => "Extensions"u8.Length + 1 + RawBytes(length) - Math.Max(0, length);

    /// <summary>Writes an entry in Go's form; without a time it is that of Go versions that know none.</summary>
    /// <param name="destination">Where; at least <see cref="SizeOf"/>.</param>
    /// <param name="index">Its index.</param>
    /// <param name="fields">Its term, its type, the lengths of its parts and where it begins; set to where its parts lie.</param>
    /// <param name="appendedAt">The encoded time.</param>
    /// <param name="data">The command.</param>
    /// <param name="extensions">Bytes beside the command.</param>
    internal static void WriteEntry(
        Span<byte> destination, ulong index, ref EntryFields fields, ReadOnlySpan<byte> appendedAt, ReadOnlySpan<byte> data,
        ReadOnlySpan<byte> extensions)
    {
        var writer = new MsgPackWriter(destination);
        writer.MapHeader(appendedAt.IsEmpty ? 5 : 6);
        if (!appendedAt.IsEmpty)
        {
            writer.Raw("AppendedAt"u8);
            writer.Encoded(appendedAt);
        }

        writer.Raw("Data"u8);
        fields.DataStart = fields.Start + WriteRaw(ref writer, data, isNil: fields.DataLength < 0);
        writer.Raw("Extensions"u8);
        fields.ExtensionsStart = fields.Start + WriteRaw(ref writer, extensions, isNil: fields.ExtensionsLength < 0);
        writer.Raw("Index"u8);
        writer.Unsigned(index);
        writer.Raw("Term"u8);
        writer.Unsigned(fields.Term);
        writer.Raw("Type"u8);
        writer.Unsigned((byte)fields.Type);
        fields.End = fields.Start + writer.Length;
    }

    /// <summary>Finds an entry's time stamp and reads it.</summary>
    internal static LogTimestamp ReadAppendedAt(ReadOnlySpan<byte> entry)
    {
        var reader = new MsgPackReader(entry);
        for (long pairs = reader.MapHeader(); pairs > 0; pairs--)
        {
            if (Keys.Of(reader.Raw(int.MaxValue, out _)) == Keys.AppendedAt)
            {
                return LogTimestampEncoding.Read(ref reader, out _);
            }

            reader.Skip();
        }

        return LogTimestamp.Zero;
    }

    private static int WriteRaw(ref MsgPackWriter writer, ReadOnlySpan<byte> bytes, bool isNil)
    {
        if (isNil)
        {
            writer.Nil();
            return writer.Length;
        }

        writer.Raw(bytes);
        return writer.Length - bytes.Length;
    }

    private static void ReadRaw(ref MsgPackReader reader, int start, out int at, out int length, ref bool isGoForm)
    {
        int before = reader.Position;
        byte head = reader.Peek();
        int size = reader.Raw(int.MaxValue, out bool isNil).Length;
        length = isNil ? -1 : size;
        at = start + reader.Position - size;
        isGoForm &= head == 0xc0 || reader.Position - before == RawBytes(size) && head is not (0xd9 or 0xc4 or 0xc5 or 0xc6);
    }

    // Nil, of length -1, is one byte.
    private static int RawBytes(int length) =>
        length < 0 ? 1 : length + (length < 32 ? 1 : length <= ushort.MaxValue ? 3 : 5);

    private static int UnsignedBytes(ulong value) => value switch
    {
        < 0x80 => 1,
        <= byte.MaxValue => 2,
        <= ushort.MaxValue => 3,
        <= uint.MaxValue => 5,
        _ => 9,
    };

    private static ulong ReadUnsigned(ref MsgPackReader reader, ref bool isGoForm)
    {
        byte head = reader.Peek();
        ulong value = reader.Unsigned();
        byte shortest = value switch
        {
            < 0x80 => (byte)value,
            <= byte.MaxValue => 0xcc,
            <= ushort.MaxValue => 0xcd,
            <= uint.MaxValue => 0xce,
            _ => 0xcf,
        };
        isGoForm &= head == shortest;
        return value;
    }

    /// <summary>The keys, in the order in which Go writes them.</summary>
    private static class Keys
    {
        public const int AppendedAt = 0;
        public const int Data = 1;
        public const int Extensions = 2;
        public const int Index = 3;
        public const int Term = 4;
        public const int Type = 5;

        public static int Of(ReadOnlySpan<byte> key) => key.Length switch
        {
            4 when key.SequenceEqual("Data"u8) => Data,
            4 when key.SequenceEqual("Term"u8) => Term,
            4 when key.SequenceEqual("Type"u8) => Type,
            5 when key.SequenceEqual("Index"u8) => Index,
            10 when key.SequenceEqual("AppendedAt"u8) => AppendedAt,
            10 when key.SequenceEqual("Extensions"u8) => Extensions,
            _ => -1,
        };
    }
}
