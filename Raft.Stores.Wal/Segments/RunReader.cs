using System.Buffers;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Segments;

/// <summary>
/// Reads consecutive entries out of a segment and checks each record, and its place behind the one before, on the
/// way. Used by one read, for one range after the other until the read has what it wants.
/// </summary>
internal sealed class RunReader(ulong fromIndex, ulong throughIndex, int bytesMax)
{
    private const int ReadBytesMin = SegmentIndex.AnchorSpacing;
    private const int ReadBytesMax = 1 << 20;

    private byte[] _entries = [];
    private int _length;
    private bool _isFull;

    /// <summary>The first entry that was not yet read.</summary>
    public ulong NextIndex { get; private set; } = fromIndex;

    /// <summary>Whether the next entry would go over the limit, or there is none to read.</summary>
    public bool IsDone => _isFull || NextIndex > throughIndex;

    /// <summary>The entries read, side by side, in a buffer not much larger: their batch may be kept for long.</summary>
    public ReadOnlyMemory<byte> Entries() =>
        _entries.Length > 2 * _length ? _entries.AsSpan(0, _length).ToArray() : _entries.AsMemory(0, _length);

    /// <summary>Reads the entries of a range, as many as are wanted.</summary>
    /// <exception cref="CorruptStoreException">A record is not the one that was written there.</exception>
    public async ValueTask ReadAsync(Segment segment, EntryRange range)
    {
        var place = new ReadPlace { Index = range.Start.Index, Offset = range.Start.Offset, Chain = range.Start.Chain };
        ulong last = Math.Min(throughIndex, range.LastIndex);
        long span = Math.Min(range.End - place.Offset, (long)bytesMax - _length + ReadBytesMin);
        Reserve((int)Math.Min(span, bytesMax));
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(span, ReadBytesMin, ReadBytesMax));
        try
        {
            while (place.Index <= last && !_isFull)
            {
                int wanted = (int)Math.Min(buffer.Length, segment.Length - place.Offset);
                int read = await segment.File.ReadAtAsync(place.Offset, buffer.AsMemory(0, wanted));
                int needed = Take(buffer.AsSpan(0, read), segment, ref place, last);
                if (needed > read && (needed <= buffer.Length || place.Offset + needed > segment.Length))
                {
                    throw Damage.At(segment.Path, place.Offset, $"the file ends within the record of entry {place.Index}");
                }

                if (needed > buffer.Length)
                {
                    // The larger one first: should there be none, the smaller one is given back once.
                    byte[] larger = ArrayPool<byte>.Shared.Rent(needed);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Takes the whole records out of a view of the file.</summary>
    /// <returns>How many bytes the first record needs that is not whole in it; 0 where at least one was taken.</returns>
    private int Take(ReadOnlySpan<byte> view, Segment segment, ref ReadPlace place, ulong last)
    {
        long start = place.Offset;
        while (place.Index <= last)
        {
            ReadOnlySpan<byte> rest = view[(int)Math.Min(view.Length, place.Offset - start)..];
            int needed = TakeOne(rest, segment, ref place);
            if (needed > 0)
            {
                return place.Offset > start ? 0 : needed;
            }

            if (_isFull)
            {
                break;
            }
        }

        return 0;
    }

    /// <summary>Takes a record or passes a group's header.</summary>
    /// <returns>0, or how many bytes it needs where the view is too short.</returns>
    private int TakeOne(ReadOnlySpan<byte> source, Segment segment, ref ReadPlace place)
    {
        if (source.Length < GroupHeader.Bytes && source.Length < segment.Length - place.Offset)
        {
            return GroupHeader.Bytes;
        }

        if (GroupHeader.TryRead(source, segment.Header.Salt, place.Offset, out GroupHeader header, out uint checksum)
            && header.Follows == place.Chain)
        {
            place.Chain = checksum;
            place.Offset += GroupHeader.Bytes;
            return 0;
        }

        if (!Record.TryReadHead(source, out RecordType type, out int payloadBytes) || type != RecordType.Entry
            || payloadBytes > segment.Length - place.Offset - Record.HeadBytes)
        {
            throw Changed(segment, place);
        }

        if (source.Length < Record.HeadBytes + payloadBytes)
        {
            return Record.HeadBytes + payloadBytes;
        }

        if (!Record.IsWhole(source, payloadBytes, place.Chain))
        {
            throw Changed(segment, place);
        }

        Keep(source.Slice(Record.HeadBytes, payloadBytes), place.Index);
        place.Chain = Record.StoredChecksum(source);
        place.Offset += Record.Size(payloadBytes);
        place.Index++;
        return 0;
    }

    private void Keep(ReadOnlySpan<byte> entry, ulong index)
    {
        if (index < NextIndex)
        {
            return;
        }

        if (_length > 0 && (long)_length + entry.Length > bytesMax)
        {
            _isFull = true;
            return;
        }

        Reserve(entry.Length);
        entry.CopyTo(_entries.AsSpan(_length));
        _length += entry.Length;
        NextIndex = index + 1;
    }

    private void Reserve(int bytes)
    {
        if (_entries.Length - _length < bytes)
        {
            Array.Resize(ref _entries, _length + bytes);
        }
    }

    private static CorruptStoreException Changed(Segment segment, ReadPlace place) =>
        Damage.At(segment.Path, place.Offset, $"the record of entry {place.Index} is not what was written");
}
