using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Segments;

/// <summary>Builds groups in one buffer that is used again and again. Owned by the <see cref="GroupWriter"/>.</summary>
internal sealed class GroupBuilder
{
    /// <summary>
    /// A buffer above this is given back after its group, so that one large entry does not stay in memory. What a node merges into one
    /// write, 4 MiB of entries, is no more with what a group adds: else each group under a load of large entries would have a buffer of its own.
    /// </summary>
    public const int KeptBytesMax = 5 << 20;

    private byte[] _buffer = [];

    /// <summary>How many bytes a group of entries will take.</summary>
    /// <exception cref="StoreException">An entry is larger than a record can be, or all are larger than a group can be.</exception>
    public static int SizeOf(LogAppend append)
    {
        long size = GroupHeader.Bytes;
        for (int i = 0; i < append.Slices.Count; i++)
        {
            LogSlice slice = append.Slices[i];
            for (int position = 0; position < slice.Count; position++)
            {
                int payload = slice.Batch.EncodedAt(slice.Start + position).Length;
                size += payload <= Record.PayloadBytesMax ? Record.Size(payload) : throw new StoreException(
                    $"Entry {slice.FirstIndex + (ulong)position} has {payload} bytes; the log takes at most {Record.PayloadBytesMax}.");
            }
        }

        return size <= WalOptions.SegmentBytesMax ? (int)size : throw new StoreException(
            $"The entries from {append.FirstIndex} to {append.LastIndex} have {size} bytes; "
            + $"one append takes at most {WalOptions.SegmentBytesMax}.");
    }

    /// <summary>How many bytes a group with a truncation will take.</summary>
    public static int SizeOfTruncation() => GroupHeader.Bytes + Record.Size(sizeof(ulong));

    /// <summary>Builds a group of entries.</summary>
    /// <param name="append">The entries.</param>
    /// <param name="header">Its header, complete.</param>
    /// <param name="salt">The segment's salt.</param>
    /// <param name="offset">Where in the segment it will stand.</param>
    /// <returns>The group.</returns>
    public BuiltGroup Build(LogAppend append, GroupHeader header, ulong salt, long offset)
    {
        Memory<byte> bytes = Begin(header);
        Span<byte> rest = bytes.Span[GroupHeader.Bytes..];
        uint chain = header.Write(bytes.Span, salt, offset);
        for (int i = 0; i < append.Slices.Count; i++)
        {
            LogSlice slice = append.Slices[i];
            for (int position = 0; position < slice.Count; position++)
            {
                ReadOnlySpan<byte> entry = slice.Batch.EncodedAt(slice.Start + position).Span;
                chain = Record.Write(rest, RecordType.Entry, entry, chain);
                rest = rest[Record.Size(entry.Length)..];
            }
        }

        return new BuiltGroup(bytes, offset, header.FirstIndex);
    }

    /// <summary>Builds a group that says that all entries from the header's first index on are gone.</summary>
    public BuiltGroup BuildTruncation(GroupHeader header, ulong salt, long offset)
    {
        Memory<byte> bytes = Begin(header);
        uint chain = header.Write(bytes.Span, salt, offset);
        Span<byte> payload = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, header.FirstIndex);
        Record.Write(bytes.Span[GroupHeader.Bytes..], RecordType.Truncation, payload, chain);
        return new BuiltGroup(bytes, offset, header.FirstIndex);
    }

    /// <summary>Gives the buffer back if it is a large one.</summary>
    public void Release() => _buffer = _buffer.Length > KeptBytesMax ? [] : _buffer;

    private Memory<byte> Begin(GroupHeader header)
    {
        int size = GroupHeader.Bytes + (int)header.RecordBytes;
        if (_buffer.Length < size)
        {
            _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(size, Math.Min(KeptBytesMax, _buffer.Length * 2)));
        }

        return _buffer.AsMemory(0, size);
    }
}
