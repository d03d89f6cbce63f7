using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.LiteDb.Runs;

/// <summary>
/// The bytes of a run: consecutive entries in one document. A header, and behind it the records of the write-ahead log, each
/// chained to the one before, so that a byte that is not the one written is seen when the run is read.
/// </summary>
internal static class RunEncoding
{
    /// <summary>How many bytes stand before the records.</summary>
    public const int HeaderBytes = 40;

    private const uint Magic = 0x3152_5546;
    private const uint Version = 1;
    private const int ChecksumAt = 4;
    private const int VersionAt = 8;
    private const int CountAt = 12;
    private const int FirstIndexAt = 16;
    private const int CommitIndexAt = 24;
    private const int RecordBytesAt = 32;

    /// <summary>How many bytes a run of these entries has.</summary>
    public static long SizeOf(ReadOnlySpan<LogSlice> entries)
    {
        long size = HeaderBytes;
        foreach (LogSlice slice in entries)
        {
            size += RecordBytesOf(slice);
        }

        return size;
    }

    /// <summary>How many bytes the records of some entries have.</summary>
    public static long RecordBytesOf(LogSlice slice)
    {
        long size = 0;
        for (int position = 0; position < slice.Count; position++)
        {
            size += RecordBytesOf(slice, position);
        }

        return size;
    }

    /// <summary>How many bytes the record of one entry has.</summary>
    public static int RecordBytesOf(LogSlice slice, int position) =>
        Record.Size(slice.Batch.EncodedAt(slice.Start + position).Length);

    /// <summary>Encodes a run.</summary>
    /// <param name="entries">Consecutive entries; at least one.</param>
    /// <param name="commitIndex">A commit index known at the write, at most the highest index that is durable.</param>
    public static byte[] Encode(ReadOnlySpan<LogSlice> entries, ulong commitIndex)
    {
        byte[] run = new byte[SizeOf(entries)];
        BinaryPrimitives.WriteUInt32LittleEndian(run, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(run.AsSpan(VersionAt), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(run.AsSpan(CountAt), (uint)(entries[^1].LastIndex - entries[0].FirstIndex + 1));
        BinaryPrimitives.WriteUInt64LittleEndian(run.AsSpan(FirstIndexAt), entries[0].FirstIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(run.AsSpan(CommitIndexAt), commitIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(run.AsSpan(RecordBytesAt), (ulong)(run.Length - HeaderBytes));
        uint chain = Checksum.Of(0, run.AsSpan(VersionAt, HeaderBytes - VersionAt));
        BinaryPrimitives.WriteUInt32LittleEndian(run.AsSpan(ChecksumAt), chain);
        Span<byte> rest = run.AsSpan(HeaderBytes);
        foreach (LogSlice slice in entries)
        {
            for (int position = 0; position < slice.Count; position++)
            {
                ReadOnlySpan<byte> entry = slice.Batch.EncodedAt(slice.Start + position).Span;
                chain = Record.Write(rest, RecordType.Entry, entry, chain);
                rest = rest[Record.Size(entry.Length)..];
            }
        }

        return run;
    }

    /// <summary>Decodes a run.</summary>
    /// <param name="run">Its bytes.</param>
    /// <param name="firstIndex">The index by which it was found.</param>
    /// <param name="commitIndex">The commit index that was known when it was written.</param>
    /// <returns>The entries, in a buffer of their own.</returns>
    /// <exception cref="FormatException">They are not what was written.</exception>
    public static LogBatch Decode(ReadOnlySpan<byte> run, ulong firstIndex, out ulong commitIndex)
    {
        commitIndex = 0;
        if (run.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(run) != Magic)
        {
            throw new FormatException("it is no run of entries");
        }

        uint chain = BinaryPrimitives.ReadUInt32LittleEndian(run[ChecksumAt..]);
        if (chain != Checksum.Of(0, run[VersionAt..HeaderBytes]))
        {
            throw new FormatException("its header is not what was written");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(run[VersionAt..]);
        if (version != Version)
        {
            throw new FormatException($"it is in format version {version}, and this build reads version {Version} only");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(run[FirstIndexAt..]) != firstIndex
            || BinaryPrimitives.ReadUInt64LittleEndian(run[RecordBytesAt..]) != (ulong)(run.Length - HeaderBytes))
        {
            throw new FormatException("it is not the run that belongs here");
        }

        commitIndex = BinaryPrimitives.ReadUInt64LittleEndian(run[CommitIndexAt..]);
        LogBatch entries = LogEncoding.Decode(Entries(run[HeaderBytes..], chain));
        return entries.FirstIndex == firstIndex && entries.Count == BinaryPrimitives.ReadUInt32LittleEndian(run[CountAt..])
            ? entries
            : throw new FormatException("it holds other entries than its header says");
    }

    /// <summary>The payloads of the records, side by side.</summary>
    private static ReadOnlyMemory<byte> Entries(ReadOnlySpan<byte> records, uint chain)
    {
        byte[] entries = GC.AllocateUninitializedArray<byte>(records.Length);
        int length = 0;
        while (!records.IsEmpty)
        {
            if (!Record.TryReadHead(records, out RecordType type, out int payloadBytes) || type != RecordType.Entry
                || Record.Size(payloadBytes) > records.Length || !Record.IsWhole(records, payloadBytes, chain))
            {
                throw new FormatException("a record in it is not what was written");
            }

            records.Slice(Record.HeadBytes, payloadBytes).CopyTo(entries.AsSpan(length));
            length += payloadBytes;
            chain = Record.StoredChecksum(records);
            records = records[Record.Size(payloadBytes)..];
        }

        return entries.AsMemory(0, length);
    }
}
