using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>Writes the keys and values of one message. The caller names them in byte order, as Go sorts them.</summary>
internal ref struct FieldWriter(Span<byte> destination, WireDialect dialect, string? cluster = null)
{
    /// <summary>The most that all keys, numbers and headers of a message take, without its texts and bytes.</summary>
    public const int FixedBytesMax = 512;

    private readonly bool _isGo11 = dialect == WireDialect.Go11;
    private MsgPackWriter _writer = new(destination);

    /// <summary>How many bytes were written.</summary>
    public readonly int Length => _writer.Length;

    /// <summary>Bytes as they are, in front of the message.</summary>
    public void Byte(byte value) => _writer.Encoded([value]);

    /// <summary>The error text in front of an answer.</summary>
    public void Error(string? text) => _writer.Text(text ?? "");

    /// <summary>Go's nil in the place of a message.</summary>
    public void NoMessage() => _writer.Nil();

    /// <summary>Begins the message.</summary>
    /// <param name="pairs">How many keys it has, with Addr and ID, and without Cluster.</param>
    public void Begin(int pairs) => _writer.MapHeader((_isGo11 ? pairs - 2 : pairs) + (cluster is null ? 0 : 1));

    public void Addr(in RpcHeader header)
    {
        if (!_isGo11)
        {
            Text("Addr"u8, header.Address.Value);
        }
    }

    /// <summary>The cluster, where it is to be named.</summary>
    public void Cluster()
    {
        if (cluster is not null)
        {
            Text("Cluster"u8, cluster);
        }
    }

    public void Id(in RpcHeader header)
    {
        if (!_isGo11)
        {
            Text("ID"u8, header.Id.Value);
        }
    }

    public void Version(in RpcHeader header) => Signed("ProtocolVersion"u8, header.ProtocolVersion);

    public void Text(ReadOnlySpan<byte> key, string? value)
    {
        _writer.Raw(key);
        _writer.Text(value);
    }

    public void Bytes(ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value)
    {
        _writer.Raw(key);
        if (value is { } bytes)
        {
            _writer.Raw(bytes.Span);
        }
        else
        {
            _writer.Nil();
        }
    }

    public void Unsigned(ReadOnlySpan<byte> key, ulong value)
    {
        _writer.Raw(key);
        _writer.Unsigned(value);
    }

    public void Signed(ReadOnlySpan<byte> key, long value)
    {
        _writer.Raw(key);
        if (_isGo11 && value >= 0)
        {
            _writer.Unsigned((ulong)value);
        }
        else
        {
            _writer.Signed(value);
        }
    }

    public void Bool(ReadOnlySpan<byte> key, bool value)
    {
        _writer.Raw(key);
        _writer.Bool(value);
    }

    /// <summary>A key whose value is an array; -1 is Go's nil.</summary>
    public void Array(ReadOnlySpan<byte> key, int count)
    {
        _writer.Raw(key);
        if (count < 0)
        {
            _writer.Nil();
        }
        else
        {
            _writer.ArrayHeader(count);
        }
    }
}
