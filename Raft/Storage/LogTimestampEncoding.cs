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

    /// <summary>Whether a value with that first byte is one of the forms that Go writes.</summary>
    public static bool IsGoForm(byte head) => head is 0xc0 or 0xa4 or 0xa8 or 0xac or 0xaf or 0xb0;

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
    /// <returns>The time.</returns>
    public static LogTimestamp Read(ref MsgPackReader reader)
    {
        byte head = reader.Peek();
        switch (head)
        {
            case 0xc0:
                reader.TryNil();
                return LogTimestamp.Zero;
            case >= 0xa0 and <= 0xbf:
                ReadOnlySpan<byte> bytes = reader.Raw(31, out _);
                return bytes.Length switch
                {
                    15 or 16 => GoBinary(bytes),
                    4 or 8 or 12 => Timestamp(bytes),
                    _ => throw new MsgPackException($"a time of {bytes.Length} bytes"),
                };
            case 0xd6:
                return Timestamp(Extension(reader.Bytes(6)[1..]));
            case 0xd7:
                return Timestamp(Extension(reader.Bytes(10)[1..]));
            case 0xc7:
                ReadOnlySpan<byte> header = reader.Bytes(2);
                return header[1] == 12
                    ? Timestamp(Extension(reader.Bytes(13)))
                    : throw new MsgPackException("an extension that is no time");
            default:
                throw new MsgPackException($"byte 0x{head:x2} does not begin a time");
        }
    }

    private static ReadOnlySpan<byte> Extension(ReadOnlySpan<byte> typeAndPayload) =>
        typeAndPayload[0] == TimestampExtension
            ? typeAndPayload[1..]
            : throw new MsgPackException("an extension that is no time");

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
