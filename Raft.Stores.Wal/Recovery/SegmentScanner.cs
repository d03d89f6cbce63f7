using System.Buffers.Binary;
using Raft.Stores.Wal.Format;
using Raft.Stores.Wal.Segments;

namespace Raft.Stores.Wal.Recovery;

/// <summary>Reads segments from front to back, as far as they are whole. Reads only.</summary>
internal sealed class SegmentScanner(LogReplay replay)
{
    private readonly FileWindow _window = new();

    /// <summary>Reads a segment until something does not belong there; whether that matters is not decided here.</summary>
    public async ValueTask ScanAsync(Segment segment)
    {
        replay.Begin(segment);
        _window.Open(segment.File, segment.Length);
        while (true)
        {
            ReadOnlyMemory<byte> next = await _window.GetAsync(replay.Offset, GroupHeader.Bytes);
            if (!GroupHeader.TryRead(
                next.Span, segment.Header.Salt, replay.Offset, out GroupHeader header, out uint checksum))
            {
                return;
            }

            replay.Apply(header, checksum);
            if (!await ScanGroupAsync(header))
            {
                return;
            }
        }
    }

    /// <summary>Looks at what stands behind the place where the reading of the newest segment stopped.</summary>
    /// <returns>Whether nothing but zeros stands there.</returns>
    /// <exception cref="CorruptStoreException">
    /// A later group was begun, which happens only once all before it is synced. So what is damaged here was durable,
    /// and no crash explains it.
    /// </exception>
    public async ValueTask<bool> IsTailZeroAsync(Segment segment)
    {
        long end = replay.Offset;
        for (long at = replay.Offset; ;)
        {
            ReadOnlyMemory<byte> bytes = await _window.GetAsync(at, GroupHeader.Bytes);
            long header = FindHeader(bytes.Span, segment.Header.Salt, at);
            if (header >= 0)
            {
                throw Damage.At(segment.Path, replay.Offset, $"a later group, at offset {header}, proves that this was synced");
            }

            int last = bytes.Span.LastIndexOfAnyExcept((byte)0);
            end = last >= 0 ? at + last + 1 : end;
            if (bytes.Length < GroupHeader.Bytes)
            {
                break;
            }

            // The bytes at the end are looked at again, where a header may begin in one view and end in the next.
            at += Math.Max(Record.Alignment, (bytes.Length - GroupHeader.Bytes) & -Record.Alignment);
        }

        // Behind a group's end are zeros until it is synced and the next begins; that one's header need not be whole.
        return !replay.IsWithinGroup || end <= replay.GroupEnd ? end == replay.Offset : throw Damage.At(
            segment.Path, replay.Offset, $"a later group was begun at offset {replay.GroupEnd}, which proves that this was synced");
    }

    private async ValueTask<bool> ScanGroupAsync(GroupHeader header)
    {
        ulong index = header.FirstIndex;
        for (; replay.IsWithinGroup; index++)
        {
            ReadOnlyMemory<byte> next = await _window.GetAsync(replay.Offset, Record.HeadBytes);
            if (!Record.TryReadHead(next.Span, out RecordType type, out int payloadBytes)
                || replay.Offset + Record.Size(payloadBytes) > replay.GroupEnd
                || (type == RecordType.Truncation && payloadBytes != sizeof(ulong)))
            {
                return false;
            }

            next = await _window.GetAsync(replay.Offset, Record.HeadBytes + payloadBytes);
            if (!Record.IsWhole(next.Span, payloadBytes, replay.Chain))
            {
                return false;
            }

            replay.Apply(type, next.Span, payloadBytes, index);
        }

        Invariant.Require(index - header.FirstIndex == header.RecordCount, "a whole group has as many records as it says");
        return true;
    }

    private static long FindHeader(ReadOnlySpan<byte> bytes, ulong salt, long offset)
    {
        for (int at = 0; at + GroupHeader.Bytes <= bytes.Length; at += Record.Alignment)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) == GroupHeader.Magic
                && GroupHeader.TryRead(bytes[at..], salt, offset + at, out _, out _))
            {
                return offset + at;
            }
        }

        return -1;
    }
}
