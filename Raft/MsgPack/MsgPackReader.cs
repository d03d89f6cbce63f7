using System.Buffers.Binary;

namespace Raft.MsgPack;

/// <summary>
/// Reads msgpack as tolerantly as Go's hashicorp codec: raw, str8 and bin alike for bytes, any width for numbers.
/// What is wrong throws <see cref="MsgPackException"/>. Never allocates for a claimed length.
/// </summary>
/// <remarks>
/// What is not there yet sets <see cref="IsIncomplete"/>, and everything read from then on is nil: on a connection that
/// is the rule, not the exception. So whoever loops over a claimed count asks for it in each round.
/// </remarks>
internal ref struct MsgPackReader(ReadOnlySpan<byte> source)
{
    /// <summary>How deep unknown values may be nested before they are refused.</summary>
    public const int DepthMax = 32;

    private const byte Nil = 0xc0;

    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _source.Length - Position;

    /// <summary>Whether the source ended within a value.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>The next byte, not read; nil where the source has ended.</summary>
    public byte Peek()
    {
        if (!IsIncomplete && Position < _source.Length)
        {
            return _source[Position];
        }

        IsIncomplete = true;
        return Nil;
    }

    /// <summary>For sources that hold all there will ever be.</summary>
    /// <exception cref="MsgPackIncompleteException">The source ended within a value.</exception>
    public readonly void RequireComplete()
    {
        if (IsIncomplete)
        {
            throw new MsgPackIncompleteException();
        }
    }

    /// <summary>Reads nil if it stands next.</summary>
    /// <returns>Whether it stood there.</returns>
    public bool TryNil()
    {
        if (Peek() != Nil)
        {
            return false;
        }

        Byte();
        return true;
    }

    /// <summary>Reads a map's header; nil counts as -1.</summary>
    /// <returns>How many pairs follow.</returns>
    public long MapHeader()
    {
        byte code = Byte();
        return code switch
        {
            0xc0 => -1,
            >= 0x80 and <= 0x8f => code & 0x0f,
            0xde => UInt16(),
            0xdf => UInt32(),
            _ => throw Unexpected(code, "a map"),
        };
    }

    /// <summary>Reads an array's header; nil counts as -1.</summary>
    /// <returns>How many values follow.</returns>
    public long ArrayHeader()
    {
        byte code = Byte();
        return code switch
        {
            0xc0 => -1,
            >= 0x90 and <= 0x9f => code & 0x0f,
            0xdc => UInt16(),
            0xdd => UInt32(),
            _ => throw Unexpected(code, "an array"),
        };
    }

    /// <summary>Reads the header of bytes or text; nil counts as -1.</summary>
    /// <returns>How many bytes follow.</returns>
    public long RawHeader()
    {
        byte code = Byte();
        return code switch
        {
            0xc0 => -1,
            >= 0xa0 and <= 0xbf => code & 0x1f,
            0xd9 or 0xc4 => UInt8(),
            0xda or 0xc5 => UInt16(),
            0xdb or 0xc6 => UInt32(),
            _ => throw Unexpected(code, "bytes"),
        };
    }

    /// <summary>Reads bytes or text.</summary>
    /// <param name="lengthMax">The most that is taken.</param>
    /// <param name="isNil">Whether nil stood there; the result is empty then.</param>
    /// <returns>A view of the source.</returns>
    public ReadOnlySpan<byte> Raw(int lengthMax, out bool isNil)
    {
        long length = RawHeader();
        isNil = length < 0;
        if (length > lengthMax)
        {
            throw new MsgPackException($"a value of {length} bytes is over the limit of {lengthMax}");
        }

        return isNil ? default : Bytes((int)length);
    }

    /// <summary>Reads a number that must not be negative; nil is 0.</summary>
    /// <returns>The number.</returns>
    public ulong Unsigned()
    {
        byte code = Byte();
        switch (code)
        {
            case < 0x80:
                return code;
            case 0xc0:
                return 0;
            case 0xcc:
                return UInt8();
            case 0xcd:
                return UInt16();
            case 0xce:
                return UInt32();
            case 0xcf:
                return UInt64();
            default:
                long signed = SignedOf(code);
                return signed >= 0 ? (ulong)signed : throw new MsgPackException($"the number {signed} is negative");
        }
    }

    /// <summary>Reads a number; nil is 0.</summary>
    /// <returns>The number.</returns>
    public long Signed()
    {
        byte code = Byte();
        switch (code)
        {
            case < 0x80:
                return code;
            case 0xc0:
                return 0;
            case 0xcc:
                return UInt8();
            case 0xcd:
                return UInt16();
            case 0xce:
                return UInt32();
            case 0xcf:
                ulong value = UInt64();
                return value <= long.MaxValue ? (long)value : throw new MsgPackException($"the number {value} is too large");
            default:
                return SignedOf(code);
        }
    }

    /// <summary>Reads a boolean; 0, 1 and nil are taken too.</summary>
    /// <returns>The boolean.</returns>
    public bool Bool()
    {
        byte code = Byte();
        return code switch
        {
            0xc2 or 0x00 or 0xc0 => false,
            0xc3 or 0x01 => true,
            _ => throw Unexpected(code, "a boolean"),
        };
    }

    /// <summary>Passes over one value of any kind.</summary>
    public void Skip() => Skip(0);

    /// <summary>Reads so many bytes as they are.</summary>
    /// <param name="count">How many.</param>
    /// <returns>A view of the source; empty where it ended before.</returns>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (IsIncomplete || (uint)count > (uint)Remaining)
        {
            IsIncomplete = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _source.Slice(Position, count);
        Position += count;
        return bytes;
    }

    private void Skip(int depth)
    {
        if (depth > DepthMax)
        {
            throw new MsgPackException($"values are nested more than {DepthMax} deep");
        }

        byte code = Peek();
        switch (code)
        {
            case >= 0x80 and <= 0x8f or 0xde or 0xdf:
                Values(2 * MapHeader(), depth);
                break;
            case >= 0x90 and <= 0x9f or 0xdc or 0xdd:
                Values(ArrayHeader(), depth);
                break;
            case >= 0xa0 and <= 0xbf or 0xd9 or 0xda or 0xdb or 0xc4 or 0xc5 or 0xc6:
                Over(RawHeader());
                break;
            default:
                Byte();
                Over(FixedLength(code));
                break;
        }
    }

    private long FixedLength(byte code) => code switch
    {
        < 0x80 or >= 0xe0 or 0xc0 or 0xc2 or 0xc3 => 0,
        0xcc or 0xd0 => 1,
        0xcd or 0xd1 => 2,
        0xce or 0xd2 or 0xca => 4,
        0xcf or 0xd3 or 0xcb => 8,
        >= 0xd4 and <= 0xd8 => 1 + (1L << (code - 0xd4)),
        0xc7 => 1L + UInt8(),
        0xc8 => 1L + UInt16(),
        0xc9 => 1L + UInt32(),
        _ => throw Unexpected(code, "a value"),
    };

    private void Values(long count, int depth)
    {
        for (long i = 0; i < count && !IsIncomplete; i++)
        {
            Skip(depth + 1);
        }
    }

    private void Over(long length)
    {
        if (length > Remaining)
        {
            IsIncomplete = true;
        }
        else if (length > 0)
        {
            Position += (int)length;
        }
    }

    private long SignedOf(byte code) => code switch
    {
        >= 0xe0 => (sbyte)code,
        0xd0 => (sbyte)UInt8(),
        0xd1 => (short)UInt16(),
        0xd2 => (int)UInt32(),
        0xd3 => (long)UInt64(),
        _ => throw Unexpected(code, "a number"),
    };

    private byte Byte()
    {
        byte code = Peek();
        if (!IsIncomplete)
        {
            Position++;
        }

        return code;
    }

    private byte UInt8() => Bytes(1) is [var value] ? value : (byte)0;

    private ushort UInt16() => Bytes(2) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    private uint UInt32() => Bytes(4) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    private ulong UInt64() => Bytes(8) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    private static MsgPackException Unexpected(byte code, string wanted) =>
        new($"byte 0x{code:x2} does not begin {wanted}");
}
