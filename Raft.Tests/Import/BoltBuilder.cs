using System.Buffers.Binary;
using System.Text;
using Raft.Stores.Bolt.Format;
using Raft.Testing.Contracts;

namespace Raft.Tests.Import;

/// <summary>Writes a file as Bolt would, or nearly.</summary>
internal sealed class BoltBuilder
{
    public const int PageBytes = 4096;
    public const int FreelistPage = 2;
    public const int RootPage = 3;
    public const int FirstLeafPage = 4;

    private const int EntriesInLeaf = 8;

    private readonly List<(byte[] Key, byte[] Value)> _entries = [];
    private readonly SortedDictionary<string, byte[]> _conf = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, byte[]> _otherBuckets = new(StringComparer.Ordinal);

    /// <summary>Whether the list of free pages is in the file.</summary>
    public bool IsFreelistOnDisk { get; init; } = true;

    /// <summary>A node in term 5 that has voted in it, with nothing in its log.</summary>
    public static BoltBuilder Voted() =>
        new BoltBuilder().With("CurrentTerm", 5).With("LastVoteTerm", 5).With("LastVoteCand", "127.0.0.1:7001"u8);

    /// <summary>Adds a value beside the entries.</summary>
    public BoltBuilder With(string key, ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return With(key, bytes);
    }

    /// <summary>Adds a value beside the entries.</summary>
    public BoltBuilder With(string key, ReadOnlySpan<byte> value)
    {
        _conf[key] = value.ToArray();
        return this;
    }

    /// <summary>Takes a value out.</summary>
    public BoltBuilder Without(string key)
    {
        _conf.Remove(key);
        return this;
    }

    /// <summary>Adds a bucket of no known meaning.</summary>
    public BoltBuilder WithBucket(string name)
    {
        _otherBuckets[name] = Inline([]);
        return this;
    }

    /// <summary>Adds entries.</summary>
    public BoltBuilder WithEntries(ulong firstIndex, int count, ulong term)
    {
        LogBatch batch = TestEntries.Batch(firstIndex, count, term, bytes: 200);
        for (int i = 0; i < count; i++)
        {
            WithEntry(firstIndex + (ulong)i, batch.EncodedAt(i).Span);
        }

        return this;
    }

    /// <summary>Adds an entry, or something in its place.</summary>
    public BoltBuilder WithEntry(ulong index, ReadOnlySpan<byte> encoded)
    {
        byte[] key = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(key, index);
        _entries.Add((key, encoded.ToArray()));
        return this;
    }

    /// <summary>The file. The meta page of transaction 9, page 1, counts.</summary>
    public byte[] Build()
    {
        (byte[] Key, byte[] Value)[][] leaves = [.. _entries.Chunk(EntriesInLeaf)];
        bool isInline = leaves.Length == 0;
        int branch = leaves.Length > 1 ? FirstLeafPage + leaves.Length : 0;
        int pages = FirstLeafPage + leaves.Length + (branch > 0 ? 1 : 0);
        byte[] file = new byte[pages * PageBytes];
        WriteMeta(file, page: 0, pages, transaction: 8);
        WriteMeta(file, page: 1, pages, transaction: 9);
        WriteHeader(file.AsSpan(FreelistPage * PageBytes), FreelistPage, PageKind.Freelist, count: 0);
        for (int i = 0; i < leaves.Length; i++)
        {
            WriteLeaf(file.AsSpan((FirstLeafPage + i) * PageBytes), (ulong)(FirstLeafPage + i), leaves[i], flags: 0);
        }

        if (branch > 0)
        {
            WriteBranch(file.AsSpan(branch * PageBytes), (ulong)branch, leaves);
        }

        byte[] logs = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(logs, (ulong)(branch > 0 ? branch : FirstLeafPage));
        var buckets = new SortedDictionary<string, byte[]>(_otherBuckets, StringComparer.Ordinal)
        {
            ["logs"] = isInline ? Inline([]) : logs,
            ["conf"] = Inline([.. _conf.Select(v => (Encoding.UTF8.GetBytes(v.Key), v.Value))]),
        };
        WriteLeaf(
            file.AsSpan(RootPage * PageBytes), RootPage,
            [.. buckets.Select(b => (Encoding.UTF8.GetBytes(b.Key), b.Value))], flags: 1);
        return file;
    }

    /// <summary>Changes a field of a meta page, by default the newer of those made here, and makes its checksum right again.</summary>
    public static void SetMeta(byte[] file, int offset, ulong value, int page = 1)
    {
        Span<byte> meta = file.AsSpan((page * PageBytes) + 16, 64);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[offset..], value);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[56..], Fnv1a.Hash(meta[..56]));
    }

    private void WriteMeta(byte[] file, int page, int pages, ulong transaction)
    {
        Span<byte> meta = file.AsSpan(page * PageBytes);
        WriteHeader(meta, (ulong)page, PageKind.Meta, count: 0);
        meta = meta.Slice(16, 64);
        BinaryPrimitives.WriteUInt32LittleEndian(meta, 0xED0CDAED);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[4..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[8..], PageBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[16..], RootPage);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[32..], IsFreelistOnDisk ? FreelistPage : ulong.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[40..], (ulong)pages);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[48..], transaction);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[56..], Fnv1a.Hash(meta[..56]));
    }

    private static byte[] Inline((byte[] Key, byte[] Value)[] values)
    {
        byte[] page = new byte[PageBytes];
        int bytes = WriteLeaf(page.AsSpan(16), id: 0, values, flags: 0);
        return page[..(16 + bytes)];
    }

    private static void WriteHeader(Span<byte> page, ulong id, PageKind kind, int count)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(page[10..], (ushort)count);
    }

    private static int WriteLeaf(Span<byte> page, ulong id, (byte[] Key, byte[] Value)[] values, uint flags)
    {
        WriteHeader(page, id, PageKind.Leaf, values.Length);
        int next = 16 + (16 * values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            (byte[] key, byte[] value) = values[i];
            Span<byte> element = page[(16 + (16 * i))..];
            BinaryPrimitives.WriteUInt32LittleEndian(element, flags);
            BinaryPrimitives.WriteUInt32LittleEndian(element[4..], (uint)(next - 16 - (16 * i)));
            BinaryPrimitives.WriteUInt32LittleEndian(element[8..], (uint)key.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(element[12..], (uint)value.Length);
            key.CopyTo(page[next..]);
            value.CopyTo(page[(next + key.Length)..]);
            next += key.Length + value.Length;
        }

        return next;
    }

    private static void WriteBranch(Span<byte> page, ulong id, (byte[] Key, byte[] Value)[][] leaves)
    {
        WriteHeader(page, id, PageKind.Branch, leaves.Length);
        int next = 16 + (16 * leaves.Length);
        for (int i = 0; i < leaves.Length; i++)
        {
            byte[] key = leaves[i][0].Key;
            Span<byte> element = page[(16 + (16 * i))..];
            BinaryPrimitives.WriteUInt32LittleEndian(element, (uint)(next - 16 - (16 * i)));
            BinaryPrimitives.WriteUInt32LittleEndian(element[4..], (uint)key.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(element[8..], (ulong)(FirstLeafPage + i));
            key.CopyTo(page[next..]);
            next += key.Length;
        }
    }
}
