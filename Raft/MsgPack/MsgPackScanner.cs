using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Raft.MsgPack;

/// <summary>
/// Finds the end of one value while its bytes arrive, in any pieces, looking at each byte once. Refuses a value that
/// claims to be longer than allowed as soon as it claims it.
/// </summary>
/// <remarks>Begins with <see cref="Begin"/>. A header that is split between pieces is left for the next one.</remarks>
internal struct MsgPackScanner
{
    private Counts _left;
    private int _depth;
    private long _payload;
    private long _scanned;
    private long _bytesMax;

    /// <summary>Whether the value's last byte was seen.</summary>
    public readonly bool IsComplete => _depth == 0 && _payload == 0;

    /// <summary>Begins a value.</summary>
    /// <param name="bytesMax">The most that it may take.</param>
    public void Begin(long bytesMax)
    {
        _depth = 1;
        _left[0] = 1;
        _payload = 0;
        _scanned = 0;
        _bytesMax = bytesMax;
    }

    /// <summary>Goes on.</summary>
    /// <param name="bytes">What follows the bytes taken so far.</param>
    /// <returns>How many of them were taken; the value ends there if it is complete now.</returns>
    /// <exception cref="MsgPackException">It is no msgpack, too deep, or over the limit.</exception>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (!IsComplete)
        {
            if (_payload > 0)
            {
                int passed = (int)Math.Min(_payload, bytes.Length - taken);
                _payload -= passed;
                taken += passed;
                _scanned += passed;
                if (_payload > 0)
                {
                    break;
                }
            }
            else if (!TryHeader(bytes[taken..], out int headerBytes))
            {
                break;
            }
            else
            {
                taken += headerBytes;
                _scanned += headerBytes;
            }

            CloseFinished();
        }

        return taken;
    }

    private void CloseFinished()
    {
        while (_payload == 0 && _depth > 0 && _left[_depth - 1] == 0)
        {
            _depth--;
        }
    }

    private bool TryHeader(ReadOnlySpan<byte> bytes, out int headerBytes)
    {
        headerBytes = 0;
        if (bytes.IsEmpty)
        {
            return false;
        }

        byte code = bytes[0];
        int lengthBytes = code switch
        {
            0xc4 or 0xc7 or 0xd9 => 1,
            0xc5 or 0xc8 or 0xda or 0xdc or 0xde => 2,
            0xc6 or 0xc9 or 0xdb or 0xdd or 0xdf => 4,
            _ => 0,
        };
        if (bytes.Length <= lengthBytes)
        {
            return false;
        }

        long length = lengthBytes switch
        {
            1 => bytes[1],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]),
            _ => 0,
        };
        headerBytes = 1 + lengthBytes;
        Take(code, length);
        return true;
    }

    private void Take(byte code, long length)
    {
        _left[_depth - 1]--;
        switch (code)
        {
            case >= 0x80 and <= 0x8f:
                Open(2L * (code & 0x0f));
                break;
            case >= 0x90 and <= 0x9f:
                Open(code & 0x0f);
                break;
            case 0xde or 0xdf:
                Open(2 * length);
                break;
            case 0xdc or 0xdd:
                Open(length);
                break;
            default:
                _payload = PayloadBytes(code, length);
                Require(_payload);
                break;
        }
    }

    private void Open(long count)
    {
        Require(count);
        if (count == 0)
        {
            return;
        }

        if (_depth > MsgPackReader.DepthMax)
        {
            throw new MsgPackException($"values are nested more than {MsgPackReader.DepthMax} deep");
        }

        _left[_depth++] = count;
    }

    private readonly void Require(long more)
    {
        if (_scanned + more >= _bytesMax)
        {
            throw new MsgPackException($"a value of at least {_scanned + more} bytes is over the limit of {_bytesMax}");
        }
    }

    private static long PayloadBytes(byte code, long length) => code switch
    {
        < 0x80 or >= 0xe0 or 0xc0 or 0xc2 or 0xc3 => 0,
        >= 0xa0 and <= 0xbf => code & 0x1f,
        0xc4 or 0xc5 or 0xc6 or 0xd9 or 0xda or 0xdb => length,
        0xcc or 0xd0 => 1,
        0xcd or 0xd1 => 2,
        0xce or 0xd2 or 0xca => 4,
        0xcf or 0xd3 or 0xcb => 8,
        >= 0xd4 and <= 0xd8 => 1 + (1L << (code - 0xd4)),
        0xc7 or 0xc8 or 0xc9 => 1 + length,
        _ => throw new MsgPackException($"byte 0x{code:x2} does not begin a value"),
    };

    /// <summary>How many values are left on each level.</summary>
    [InlineArray(MsgPackReader.DepthMax + 2)]
    private struct Counts
    {
        private long _first;
    }
}
