using System.Buffers.Binary;
using System.Text;

namespace Raft;

/// <summary>Reads a <see cref="SessionTable"/> out of the beginning of a stream. Used once.</summary>
internal sealed class SessionTableReader(Stream source, CancellationToken cancellationToken)
{
    // What is announced is believed only as far as it has come.
    private const int PieceBytes = 64 << 10;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _numbers = new byte[SessionTableFormat.EntryBytes];
    private readonly byte[] _client = new byte[SessionTable.ClientBytesMax];
    private uint _checksum;

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It is none, damaged, or of another version.</exception>
    public async Task<SessionTable> ReadAsync()
    {
        await ReadHeadAsync();
        Memory<byte> summary = _numbers.AsMemory(0, SessionTableFormat.SummaryBytes);
        await FillAsync(summary);
        var table = new SessionTable();
        Refuse(table.Begin(
            forgottenIndex: BinaryPrimitives.ReadUInt64LittleEndian(summary.Span[8..]),
            lastIndex: BinaryPrimitives.ReadUInt64LittleEndian(summary.Span)));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(summary.Span[16..]);
        for (uint i = 0; i < count; i++)
        {
            Refuse(table.Append(await ReadEntryAsync()));
        }

        uint expected = _checksum;
        await FillAsync(_numbers.AsMemory(0, SessionTableFormat.ChecksumBytes));
        Refuse(BinaryPrimitives.ReadUInt32LittleEndian(_numbers) == expected ? null : "its checksum is another");
        return table;
    }

    private static void Refuse(string? wrong)
    {
        if (wrong is not null)
        {
            throw new InvalidDataException($"This is no table of sessions: {wrong}.");
        }
    }

    private async Task ReadHeadAsync()
    {
        Memory<byte> head = _numbers.AsMemory(0, SessionTableFormat.HeadBytes);
        await FillAsync(head);
        Refuse(head.Span.StartsWith(SessionTableFormat.Magic) ? null : "it begins with other bytes");
        Refuse(BinaryPrimitives.ReadUInt32LittleEndian(head.Span[SessionTableFormat.HeadCheckedBytes..])
            == SessionTableFormat.Checksum(0, head.Span[..SessionTableFormat.HeadCheckedBytes]) ? null : "its head is damaged");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(head.Span[8..]);
        Refuse(version == SessionTableFormat.Version ? null
            : $"it has version {version}; {SessionTableFormat.Version} is known here");
    }

    private async Task<SessionEntry> ReadEntryAsync()
    {
        await FillAsync(_numbers);
        ulong index = BinaryPrimitives.ReadUInt64LittleEndian(_numbers);
        ulong openedAt = BinaryPrimitives.ReadUInt64LittleEndian(_numbers.AsSpan(8));
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(_numbers.AsSpan(16));
        int clientBytes = BinaryPrimitives.ReadUInt16LittleEndian(_numbers.AsSpan(24));
        uint resultBytes = BinaryPrimitives.ReadUInt32LittleEndian(_numbers.AsSpan(26));
        Refuse(clientBytes <= SessionTable.ClientBytesMax ? null : $"a client's name has {clientBytes} bytes");
        Refuse(resultBytes <= Array.MaxLength ? null : $"a result has {resultBytes} bytes");
        Memory<byte> client = _client.AsMemory(0, clientBytes);
        await FillAsync(client);
        return new SessionEntry(ClientOf(client.Span), openedAt, number, index, await ReadResultAsync((int)resultBytes));
    }

    private static string ClientOf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException damage)
        {
            throw new InvalidDataException("This is no table of sessions: a client's name is no UTF-8.", damage);
        }
    }

    private async Task<byte[]> ReadResultAsync(int count)
    {
        byte[] result = new byte[Math.Min(count, PieceBytes)];
        await FillAsync(result);
        for (int read = result.Length; read < count; read = result.Length)
        {
            Array.Resize(ref result, (int)Math.Min(count, 2L * read));
            await FillAsync(result.AsMemory(read));
        }

        return result;
    }

    private async Task FillAsync(Memory<byte> bytes)
    {
        for (int filled = 0; filled < bytes.Length;)
        {
            int read = await source.ReadAsync(bytes[filled..], cancellationToken);
            Refuse(read > 0 ? null : "it ends too early");
            filled += read;
        }

        _checksum = SessionTableFormat.Checksum(_checksum, bytes.Span);
    }
}
