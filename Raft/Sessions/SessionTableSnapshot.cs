using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Raft;

/// <summary>A <see cref="SessionTable"/> at one moment, to be written once. It holds on to the results, not to copies.</summary>
internal sealed class SessionTableSnapshot(SessionEntry[] entries, ulong forgottenIndex, ulong lastIndex) : IFsmSnapshot
{
    private const int FlushBytes = 64 << 10;

    private SessionEntry[] _entries = entries;
    private uint _checksum;

    /// <inheritdoc/>
    public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(2 * FlushBytes);
        WriteHead(buffer);
        foreach (SessionEntry entry in _entries)
        {
            WriteEntry(buffer, entry);
            if (entry.Result.Length >= FlushBytes || buffer.WrittenCount >= FlushBytes)
            {
                await FlushAsync(buffer, destination, cancellationToken);
            }

            if (entry.Result.Length >= FlushBytes)
            {
                _checksum = SessionTableFormat.Checksum(_checksum, entry.Result.Span);
                await destination.WriteAsync(entry.Result, cancellationToken);
            }
        }

        await FlushAsync(buffer, destination, cancellationToken);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(buffer, SessionTableFormat.ChecksumBytes), _checksum);
        await FlushAsync(buffer, destination, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _entries = [];

    private static Span<byte> Take(ArrayBufferWriter<byte> buffer, int count)
    {
        Span<byte> taken = buffer.GetSpan(count)[..count];
        buffer.Advance(count);
        return taken;
    }

    private static void WriteEntry(ArrayBufferWriter<byte> buffer, SessionEntry entry)
    {
        int clientBytes = Encoding.UTF8.GetByteCount(entry.Client);
        Span<byte> numbers = Take(buffer, SessionTableFormat.EntryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, entry.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[8..], entry.OpenedAt);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], entry.Number);
        BinaryPrimitives.WriteUInt16LittleEndian(numbers[24..], (ushort)clientBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[26..], (uint)entry.Result.Length);
        Encoding.UTF8.GetBytes(entry.Client, Take(buffer, clientBytes));
        if (entry.Result.Length < FlushBytes)
        {
            buffer.Write(entry.Result.Span);
        }
    }

    private void WriteHead(ArrayBufferWriter<byte> buffer)
    {
        Span<byte> head = Take(buffer, SessionTableFormat.HeadBytes);
        SessionTableFormat.Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], SessionTableFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(
            head[SessionTableFormat.HeadCheckedBytes..],
            SessionTableFormat.Checksum(0, head[..SessionTableFormat.HeadCheckedBytes]));
        Span<byte> summary = Take(buffer, SessionTableFormat.SummaryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(summary, lastIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(summary[8..], forgottenIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(summary[16..], (uint)_entries.Length);
    }

    private async ValueTask FlushAsync(ArrayBufferWriter<byte> buffer, Stream destination, CancellationToken cancellationToken)
    {
        _checksum = SessionTableFormat.Checksum(_checksum, buffer.WrittenSpan);
        await destination.WriteAsync(buffer.WrittenMemory, cancellationToken);
        buffer.ResetWrittenCount();
    }
}
