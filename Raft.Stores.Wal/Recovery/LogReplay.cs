using System.Buffers.Binary;
using Raft.Stores.Wal.Format;
using Raft.Stores.Wal.Segments;

namespace Raft.Stores.Wal.Recovery;

/// <summary>How far the reading of a log has come, and what it has found. Owned by one <see cref="WalRecovery"/>.</summary>
internal sealed class LogReplay
{
    /// <summary>The segments, with what was found to be whole.</summary>
    public SegmentSet Segments { get; } = new();

    /// <summary>Counters and notes as of the last header read.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>Where in the newest segment the reading stands: all before it is whole.</summary>
    public long Offset { get; private set; }

    /// <summary>The checksum of the last whole record or header.</summary>
    public uint Chain { get; private set; }

    /// <summary>Where the group that is being read should end; <see cref="Offset"/> where none is.</summary>
    public long GroupEnd { get; private set; }

    /// <summary>Where in the newest segment the last group begins, or its header if it has no group.</summary>
    public long GroupStart { get; private set; }

    /// <summary>Whether the reading stopped within a group.</summary>
    public bool IsWithinGroup => Offset < GroupEnd;

    /// <summary>The header of the last group; null where the newest segment has none.</summary>
    public GroupHeader? Group { get; private set; }

    /// <summary>Notes where the newest segment ends: all before is whole.</summary>
    public void EndSegment()
    {
        Segments.Newest.End = Offset;
        Segments.Newest.Chain = Chain;
    }

    /// <summary>Goes on with the next segment, if it is the one that was begun behind what was read.</summary>
    /// <exception cref="CorruptStoreException">The segment before it did not end where this one begins.</exception>
    public void Begin(Segment segment)
    {
        SegmentHeader header = segment.Header;
        if (Segments.All.Count > 0)
        {
            Segment before = Segments.Newest;
            if (header.Sequence != before.Header.Sequence + 1)
            {
                throw Damage.At(
                    segment.Path, 0, $"it should follow segment {before.Header.Sequence}, so a segment between is missing");
            }

            if (header.PreviousChain != Chain || header.GroupNumber != Position.GroupNumber + 1)
            {
                throw Damage.At(
                    before.Path, Offset, $"its records end here, but {segment.Path} was begun behind further ones");
            }

            EndSegment();
        }

        Position = new LogPosition(
            header.GroupNumber - 1, Math.Max(Position.Generation, header.Generation), Position.Term,
            Math.Max(Position.CommitIndex, header.CommitIndex));
        Segments.Add(segment);
        Offset = SegmentHeader.PageBytes;
        GroupStart = 0;
        GroupEnd = Offset;
        Group = null;
        Chain = segment.Chain;
    }

    /// <summary>Takes a group's header that stands at <see cref="Offset"/> and is whole.</summary>
    /// <exception cref="CorruptStoreException">It is not the next.</exception>
    public void Apply(GroupHeader header, uint checksum)
    {
        if (header.Follows != Chain || header.Number != Position.GroupNumber + 1
            || header.Generation < Position.Generation || header.Term < Position.Term)
        {
            throw Damage.At(
                Segments.Newest.Path, Offset, $"group {header.Number} stands here, which does not follow what is before it");
        }

        Position = new LogPosition(
            header.Number, header.Generation, header.Term, Math.Max(Position.CommitIndex, header.CommitIndex));
        Chain = checksum;
        Group = header;
        GroupStart = Offset;
        Offset += GroupHeader.Bytes;
        GroupEnd = Offset + header.RecordBytes;
    }

    /// <summary>Takes a record that stands at <see cref="Offset"/> and is whole.</summary>
    public void Apply(RecordType type, ReadOnlySpan<byte> record, int payloadBytes, ulong index)
    {
        if (type == RecordType.Truncation)
        {
            Segments.DropFrom(BinaryPrimitives.ReadUInt64LittleEndian(record[Record.HeadBytes..]));
        }
        else if (Segments.LastIndex != 0 && index != Segments.LastIndex + 1)
        {
            throw Damage.At(
                Segments.Newest.Path, Offset, $"entry {index} stands here behind entry {Segments.LastIndex}");
        }
        else
        {
            Segments.AddEntry(index, Offset, Chain);
        }

        Chain = Record.StoredChecksum(record);
        Offset += Record.Size(payloadBytes);
    }
}
