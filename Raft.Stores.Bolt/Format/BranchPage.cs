using System.Buffers.Binary;

namespace Raft.Stores.Bolt.Format;

/// <summary>Keys, and the pages whose keys begin with them. A view of a buffer of whoever had it read.</summary>
internal readonly struct BranchPage
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private BranchPage(ReadOnlyMemory<byte> bytes, int count)
    {
        _bytes = bytes;
        Count = count;
    }

    /// <summary>How many pages it leads to.</summary>
    public int Count { get; }

    /// <summary>Reads a page.</summary>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    public static BranchPage Read(PageRun run, int pageBytes)
    {
        int used = PageElements.Check(run.Bytes.Span, run.Header.Count, isLeaf: false, run.Place);
        run.RequireFit(used, pageBytes);
        return run.Header.Count > 0
            ? new BranchPage(run.Bytes, run.Header.Count)
            : throw run.Place.Refuse("it is a branch that leads nowhere");
    }

    /// <summary>The least key of the page at a position.</summary>
    public ReadOnlyMemory<byte> Key(int position)
    {
        PageElement element = PageElements.Branch(_bytes.Span, position);
        return _bytes.Slice(PageElements.At(position) + (int)element.Position, (int)element.KeyBytes);
    }

    /// <summary>The page at a position.</summary>
    public ulong Child(int position) =>
        BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span[(PageElements.At(position) + 8)..]);
}
