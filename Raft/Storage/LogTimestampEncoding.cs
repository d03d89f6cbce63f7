using System.Buffers.Binary;
using Raft.MsgPack;

namespace Raft;

/// <summary>
/// The two ways in which Go nodes write the time of an entry, both as raw strings: Go's binary form (the default), and
/// the payload of a msgpack timestamp. A true msgpack timestamp is read too.
/// </summary>
internal static class LogTimestampEncoding
{
    private const byte TimestampExtension = 0xff;
    private const short UtcOffset = -1;
    private const long UnixEpochSeconds = 62_135_596_800;
    private const long PackedSecondsEnd = 1L << 34;

    /// <summary>Writes a time.</summary>
    /// <param name="destination">At least <see cref="LogEncoding.TimestampBytesMax"/> long.</param>
    /// <param name="value">The time.</param>
    /// <param name="format">In which form.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> destination, LogTimestamp value, LogTimeFormat format) =>
        format == LogTimeFormat.Timestamp ? WriteTimestamp(destination, value) : Write(destination, value);

    /// <summary>Writes Go's binary form.</summary>
    /// <param name="destination">At least <see cref="LogEncoding.TimestampBytesMax"/> long.</param>
    /// <param name="value">The time.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> destination, LogTimestamp value)
    {
        int minutes = value.IsUtc ? UtcOffset : value.OffsetSeconds / 60;
        int seconds = value.IsUtc ? 0 : value.OffsetSeconds % 60;
        bool isLong = seconds != 0;
        destination[0] = isLong ? (byte)0xb0 : (byte)0xaf;
        destination[1] = isLong ? (byte)2 : (byte)1;
        BinaryPrimitives.WriteInt64BigEndian(destination[2..], value.Seconds);
        BinaryPrimitives.WriteInt32BigEndian(destination[10..], value.Nanoseconds);
        BinaryPrimitives.WriteInt16BigEndian(destination[14..], (short)minutes);
        if (isLong)
        {
            destination[16] = (byte)seconds;
        }

        return isLong ? 17 : 16;
    }

    /// <summary>Reads any of the forms.</summary>
    /// <param name="reader">Stands before the value.</param>
    /// <param name="isGoForm">Whether it is one of the two that Go nodes write.</param>
    /// <returns>The time; zero where the bytes end within it.</returns>
    public static LogTimestamp Read(ref MsgPackReader reader, out bool isGoForm)
    {
        byte head = reader.Peek();
        isGoForm = head is 0xc0 or (>= 0xa0 and <= 0xbf);
        if (reader.TryNil())
        {
            return LogTimestamp.Zero;
        }

        ReadOnlySpan<byte> bytes = head switch
        {
            >= 0xa0 and <= 0xbf => reader.Raw(31, out _),
            0xd6 => Extension(reader.Bytes(6), headerBytes: 1),
            0xd7 => Extension(reader.Bytes(10), headerBytes: 1),
            0xc7 => Extension(reader.Bytes(15), headerBytes: 2),
            _ => throw new MsgPackException($"byte 0x{head:x2} does not begin a time"),
        };
        return bytes.Length switch
        {
            _ when reader.IsIncomplete => LogTimestamp.Zero,
            15 or 16 => GoBinary(bytes),
            4 or 8 or 12 => Timestamp(bytes),
            _ => throw new MsgPackException($"a time of {bytes.Length} bytes"),
        };
    }

    // It does not hold the zone.
    private static int WriteTimestamp(Span<byte> destination, LogTimestamp value)
    {
        long unixSeconds = value.Seconds - UnixEpochSeconds;
        switch (unixSeconds)
        {
            case var _ when value.IsZero:
                destination[0] = 0xc0;
                return 1;
            case >= 0 and <= uint.MaxValue when value.Nanoseconds == 0:
                destination[0] = 0xa4;
                BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (uint)unixSeconds);
                return 5;
            case >= 0 and < PackedSecondsEnd:
                destination[0] = 0xa8;
                ulong packed = ((ulong)value.Nanoseconds << 34) | (ulong)unixSeconds;
                BinaryPrimitives.WriteUInt64BigEndian(destination[1..], packed);
                return 9;
            default:
                destination[0] = 0xac;
                BinaryPrimitives.WriteInt32BigEndian(destination[1..], value.Nanoseconds);
                BinaryPrimitives.WriteInt64BigEndian(destination[5..], unixSeconds);
                return 13;
        }
    }

    private static ReadOnlySpan<byte> Extension(ReadOnlySpan<byte> bytes, int headerBytes)
    {
        if (bytes.IsEmpty)
        {
            return default;
        }

        return bytes[headerBytes] == TimestampExtension && (headerBytes == 1 || bytes[1] == 12)
            ? bytes[(headerBytes + 1)..]
            : throw new MsgPackException("an extension that is no time");
    }

    private static LogTimestamp GoBinary(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != bytes.Length - 14)
        {
            throw new MsgPackException($"a time of version {bytes[0]} in {bytes.Length} bytes");
        }

        int minutes = BinaryPrimitives.ReadInt16BigEndian(bytes[13..]);
        bool isUtc = minutes == UtcOffset && bytes.Length == 15;
        int offset = isUtc ? 0 : (minutes * 60) + (bytes.Length == 16 ? (sbyte)bytes[15] : 0);
        return new LogTimestamp(
            BinaryPrimitives.ReadInt64BigEndian(bytes[1..]), BinaryPrimitives.ReadInt32BigEndian(bytes[9..]), offset, isUtc);
    }

    private static LogTimestamp Timestamp(ReadOnlySpan<byte> bytes)
    {
        long unixSeconds;
        int nanoseconds = 0;
        switch (bytes.Length)
        {
            case 4:
                unixSeconds = BinaryPrimitives.ReadUInt32BigEndian(bytes);
                break;
            case 8:
                ulong packed = BinaryPrimitives.ReadUInt64BigEndian(bytes);
                unixSeconds = (long)(packed & 0x3_ffff_ffff);
                nanoseconds = (int)(packed >> 34);
                break;
            default:
                nanoseconds = BinaryPrimitives.ReadInt32BigEndian(bytes);
                unixSeconds = BinaryPrimitives.ReadInt64BigEndian(bytes[4..]);
                break;
        }

        return new LogTimestamp(unixSeconds + UnixEpochSeconds, nanoseconds, 0, IsUtc: true);
    }
}
