using System.Buffers.Binary;
using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Reads the bucket of entries once from end to end, decodes each, and notes where they begin.</summary>
internal sealed class LogScan : ILeafVisitor
{
    /// <summary>How an entry of four values begins in msgpack.</summary>
    private const byte FourKeys = 0x84;

    private ulong _lastTerm;

    /// <summary>The leaves of the entries from <see cref="FirstIndex"/> on; none where the bucket lies inline.</summary>
    public List<LeafMark> Leaves { get; } = [];

    /// <summary>The bucket's only leaf, where it lies inline.</summary>
    public LeafPage? Inline { get; private init; }

    /// <summary>The first entry behind the last gap; 0 where there is none.</summary>
    public ulong FirstIndex { get; private set; }

    /// <summary>The last entry; 0 where there is none.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>The last entries that are missing between others; null where none are.</summary>
    public LogGap? Gap { get; private set; }

    /// <summary>Reads a bucket.</summary>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    public static async ValueTask<LogScan> RunAsync(TreeWalk walk, Bucket bucket)
    {
        var scan = new LogScan
        {
            Inline = bucket.RootPage == 0 ? LeafPage.ReadInline(bucket.Inline, bucket.Place) : null,
        };
        await walk.RunAsync(bucket, scan);
        return scan;
    }

    /// <inheritdoc/>
    public void Visit(LeafPage leaf)
    {
        for (int i = 0; i < leaf.Count; i++)
        {
            ulong index = Index(leaf, i);
            bool isFirst = LastIndex == 0;
            if (!isFirst && index != LastIndex + 1)
            {
                // A Go node keeps its old entries beside a leader's snapshot that ends behind them, and goes on behind that.
                Gap = new LogGap(LastIndex + 1, index - 1);
                isFirst = true;
            }

            if (isFirst)
            {
                Leaves.Clear();
                FirstIndex = index;
                _lastTerm = 0;
            }

            if (isFirst || i == 0)
            {
                Leaves.Add(new LeafMark(index, leaf.Place.Page));
            }

            RequireEntry(leaf, i, index);
            LastIndex = index;
        }
    }

    /// <summary>The index that is the key at a position.</summary>
    /// <exception cref="CorruptStoreException">It is none.</exception>
    public static ulong Index(LeafPage leaf, int position)
    {
        ReadOnlySpan<byte> key = leaf.Key(position).Span;
        ulong index = key.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64BigEndian(key) : 0;
        return index != 0 && !leaf.IsBucket(position)
            ? index
            : throw leaf.Place.Refuse($"the key {Convert.ToHexString(key)} in the bucket 'logs' is no index of an entry");
    }

    private void RequireEntry(LeafPage leaf, int position, ulong index)
    {
        LogBatch entry;
        try
        {
            entry = LogEncoding.Decode(leaf.Value(position));
        }
        catch (FormatException wrong)
        {
            throw leaf.Place.Refuse(
                leaf.Value(position).Span is [FourKeys, ..]
                    ? $"entry {index} has no extensions: hashicorp/raft before 1.1.1 wrote it, and it is not read here. Let the Go node take "
                    + "snapshots until its log holds no such entries any more"
                    : $"entry {index} cannot be decoded: {wrong.Message.TrimEnd('.')}",
                wrong);
        }

        if (entry.Count != 1 || entry.FirstIndex != index)
        {
            throw leaf.Place.Refuse($"under the index {index} stands entry {entry.FirstIndex}, or more than one");
        }

        if (entry.TypeAt(0) > LogType.Configuration)
        {
            throw leaf.Place.Refuse($"entry {index} is of an unknown type, {(byte)entry.TypeAt(0)}");
        }

        ulong term = entry.TermAt(0);
        if (term == 0 || term < _lastTerm)
        {
            throw leaf.Place.Refuse($"entry {index} is of term {term}, the one before of term {_lastTerm}");
        }

        _lastTerm = term;
    }
}
