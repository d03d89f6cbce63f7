using System.Buffers.Binary;
using System.Text;

namespace Raft;

/// <summary>A command with the <see cref="SessionRequest"/> that it is, as a <see cref="SessionFsm"/> takes it (docs/formats.md).</summary>
public static class SessionEnvelope
{
    // 0xFF begins neither JSON nor any other text; a binary command begins like this by chance once in 2^48.
    private static ReadOnlySpan<byte> Magic => [0xFF, (byte)'R', (byte)'S', (byte)'E', (byte)'S', (byte)'S'];

    private const byte Version = 1;
    private const byte RequestKind = 1;
    private const byte ExpireKind = 2;
    private const int HeadBytes = 8;
    private const int RequestBytes = HeadBytes + 8 + 8 + 2;
    private const int ExpireBytes = HeadBytes + 4;

    /// <summary>Puts a command into an envelope.</summary>
    /// <param name="request">Which request it is.</param>
    /// <param name="command">The command.</param>
    /// <returns>The bytes to replicate; a copy.</returns>
    /// <exception cref="ArgumentException">The client's name can be none.</exception>
    public static ReadOnlyMemory<byte> Wrap(SessionRequest request, ReadOnlySpan<byte> command)
    {
        if (!SessionTable.IsClient(request.Client))
        {
            throw new ArgumentException(
                $"A client's name has 1 to {SessionTable.ClientBytesMax} bytes of UTF-8.", nameof(request));
        }

        int clientBytes = Encoding.UTF8.GetByteCount(request.Client);
        byte[] envelope = new byte[RequestBytes + clientBytes + command.Length];
        WriteHead(envelope, RequestKind);
        BinaryPrimitives.WriteUInt64LittleEndian(envelope.AsSpan(HeadBytes), request.OpenedAt);
        BinaryPrimitives.WriteUInt64LittleEndian(envelope.AsSpan(HeadBytes + 8), request.Number);
        BinaryPrimitives.WriteUInt16LittleEndian(envelope.AsSpan(HeadBytes + 16), (ushort)clientBytes);
        Encoding.UTF8.GetBytes(request.Client, envelope.AsSpan(RequestBytes));
        command.CopyTo(envelope.AsSpan(RequestBytes + clientBytes));
        return envelope;
    }

    /// <summary>A command that makes a <see cref="SessionFsm"/> let go of sessions, as <see cref="SessionTable.Expire"/> does.</summary>
    /// <param name="limit">How many sessions to keep at most, at least 0.</param>
    /// <returns>The bytes to replicate; the answer is how many were let go of, as an <see cref="int"/>.</returns>
    public static ReadOnlyMemory<byte> Expire(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        byte[] envelope = new byte[ExpireBytes];
        WriteHead(envelope, ExpireKind);
        BinaryPrimitives.WriteInt32LittleEndian(envelope.AsSpan(HeadBytes), limit);
        return envelope;
    }

    /// <summary>Reads an envelope.</summary>
    /// <param name="data">What stands in the log.</param>
    /// <param name="request">Which request it is; the default where it is none.</param>
    /// <param name="commandStart">Where the command begins, which reaches to the end; 0 where there is none.</param>
    /// <returns>Whether it is an envelope with a request.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out SessionRequest request, out int commandStart)
    {
        request = default;
        commandStart = 0;
        if (!IsOf(data, RequestKind) || data.Length < RequestBytes)
        {
            return false;
        }

        int clientBytes = BinaryPrimitives.ReadUInt16LittleEndian(data[(HeadBytes + 16)..]);
        if (clientBytes is 0 or > SessionTable.ClientBytesMax || clientBytes > data.Length - RequestBytes
            || !System.Text.Unicode.Utf8.IsValid(data.Slice(RequestBytes, clientBytes)))
        {
            return false;
        }

        request = new SessionRequest(
            Encoding.UTF8.GetString(data.Slice(RequestBytes, clientBytes)),
            Number: BinaryPrimitives.ReadUInt64LittleEndian(data[(HeadBytes + 8)..]),
            OpenedAt: BinaryPrimitives.ReadUInt64LittleEndian(data[HeadBytes..]));
        commandStart = RequestBytes + clientBytes;
        return true;
    }

    /// <summary>Whether bytes begin as all envelopes do, of whatever version.</summary>
    internal static bool Begins(ReadOnlySpan<byte> data) => data.StartsWith(Magic);

    /// <summary>Reads a command that expires sessions.</summary>
    internal static bool TryReadExpire(ReadOnlySpan<byte> data, out int limit)
    {
        bool isExpire = IsOf(data, ExpireKind) && data.Length == ExpireBytes;
        limit = isExpire ? BinaryPrimitives.ReadInt32LittleEndian(data[HeadBytes..]) : 0;
        return isExpire && limit >= 0;
    }

    private static bool IsOf(ReadOnlySpan<byte> data, byte kind) =>
        Begins(data) && data.Length >= HeadBytes && data[Magic.Length] == Version && data[Magic.Length + 1] == kind;

    private static void WriteHead(Span<byte> envelope, byte kind)
    {
        Magic.CopyTo(envelope);
        envelope[Magic.Length] = Version;
        envelope[Magic.Length + 1] = kind;
    }
}
