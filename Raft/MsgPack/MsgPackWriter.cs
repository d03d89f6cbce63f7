using System.Buffers.Binary;
using System.Text;

namespace Raft.MsgPack;

/// <summary>
/// Writes msgpack as Go's hashicorp codec does: the old specification (raw strings, no str8, no bin, no ext), the
/// shortest form of unsigned numbers, and signed numbers above 127 in the signed forms.
/// </summary>
/// <remarks>The caller gives a span that is large enough; each method's bound is in its summary.</remarks>
internal ref struct MsgPackWriter(Span<byte> destination)
{
    /// <summary>The most that a header of a string, map or array takes.</summary>
    public const int HeaderBytesMax = 5;

    /// <summary>The most that a number takes.</summary>
    public const int NumberBytesMax = 9;

    private readonly Span<byte> _destination = destination;

    /// <summary>How many bytes were written.</summary>
    public int Length { get; private set; }

    /// <summary>Go's nil. 1 byte.</summary>
    public void Nil() => Byte(0xc0);

    /// <summary>1 byte.</summary>
    public void Bool(bool value) => Byte(value ? (byte)0xc3 : (byte)0xc2);

    /// <summary>At most <see cref="HeaderBytesMax"/>.</summary>
    public void MapHeader(int count) => Header(count, 0x80, 0xde);

    /// <summary>At most <see cref="HeaderBytesMax"/>.</summary>
    public void ArrayHeader(int count) => Header(count, 0x90, 0xdc);

    /// <summary>Bytes that are msgpack already.</summary>
    public void Encoded(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
    }

    /// <summary>Bytes or text, as the old specification's raw. At most <see cref="HeaderBytesMax"/> more than the bytes.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        RawHeader(bytes.Length);
        Encoded(bytes);
    }

    /// <summary>Text as raw bytes; null is Go's nil. At most <see cref="TextBytesMax"/>.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Nil();
            return;
        }

        RawHeader(Encoding.UTF8.GetByteCount(text));
        Length += Encoding.UTF8.GetBytes(text, _destination[Length..]);
    }

    /// <summary>The most that a text takes.</summary>
    public static int TextBytesMax(string? text) => HeaderBytesMax + (3 * (text?.Length ?? 0));

    /// <summary>The header of a raw of that length. At most <see cref="HeaderBytesMax"/>.</summary>
    public void RawHeader(int length)
    {
        if (length < 32)
        {
            Byte((byte)(0xa0 | length));
        }
        else if (length <= ushort.MaxValue)
        {
            Byte(0xda);
            UInt16((ushort)length);
        }
        else
        {
            Byte(0xdb);
            UInt32((uint)length);
        }
    }

    /// <summary>An unsigned number in its shortest form. At most <see cref="NumberBytesMax"/>.</summary>
    public void Unsigned(ulong value)
    {
        switch (value)
        {
            case < 0x80:
                Byte((byte)value);
                break;
            case <= byte.MaxValue:
                Byte(0xcc);
                Byte((byte)value);
                break;
            case <= ushort.MaxValue:
                Byte(0xcd);
                UInt16((ushort)value);
                break;
            case <= uint.MaxValue:
                Byte(0xce);
                UInt32((uint)value);
                break;
            default:
                Byte(0xcf);
                UInt64(value);
                break;
        }
    }

    /// <summary>A signed number in its shortest signed form. At most <see cref="NumberBytesMax"/>.</summary>
    public void Signed(long value)
    {
        switch (value)
        {
            case >= -32 and < 128:
                Byte((byte)value);
                break;
            case >= sbyte.MinValue and <= sbyte.MaxValue:
                Byte(0xd0);
                Byte((byte)value);
                break;
            case >= short.MinValue and <= short.MaxValue:
                Byte(0xd1);
                UInt16((ushort)value);
                break;
            case >= int.MinValue and <= int.MaxValue:
                Byte(0xd2);
                UInt32((uint)value);
                break;
            default:
                Byte(0xd3);
                UInt64((ulong)value);
                break;
        }
    }

    private void Header(int count, byte fix, byte wide)
    {
        if (count < 16)
        {
            Byte((byte)(fix | count));
        }
        else if (count <= ushort.MaxValue)
        {
            Byte(wide);
            UInt16((ushort)count);
        }
        else
        {
            Byte((byte)(wide + 1));
            UInt32((uint)count);
        }
    }

    private void Byte(byte value) => _destination[Length++] = value;

    private void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_destination[Length..], value);
        Length += 2;
    }

    private void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_destination[Length..], value);
        Length += 4;
    }

    private void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_destination[Length..], value);
        Length += 8;
    }
}
