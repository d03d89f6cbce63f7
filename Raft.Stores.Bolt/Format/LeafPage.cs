using System.Buffers.Binary;

namespace Raft.Stores.Bolt.Format;

/// <summary>Keys and values, all of which lie where they must. A view of a buffer of whoever had it read.</summary>
internal readonly struct LeafPage
{
    private const uint BucketFlag = 1;

    private readonly ReadOnlyMemory<byte> _bytes;

    private LeafPage(ReadOnlyMemory<byte> bytes, int count, Place place)
    {
        _bytes = bytes;
        Count = count;
        Place = place;
    }

    /// <summary>The page, or the page of the bucket that this one lies within.</summary>
    public Place Place { get; }

    /// <summary>How many keys there are.</summary>
    public int Count { get; }

    /// <summary>Reads a page.</summary>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    public static LeafPage Read(PageRun run, int pageBytes)
    {
        int used = PageElements.Check(run.Bytes.Span, run.Header.Count, isLeaf: true, run.Place);
        run.RequireFit(used, pageBytes);
        return run.Header.Count > 0
            ? new LeafPage(run.Bytes, run.Header.Count, run.Place)
            : throw run.Place.Refuse("it is a leaf without a key, which Bolt never leaves");
    }

    /// <summary>Reads the page of a bucket that lies within the value of its name.</summary>
    /// <param name="bytes">The page.</param>
    /// <param name="place">The page that the value stands in.</param>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    public static LeafPage ReadInline(ReadOnlyMemory<byte> bytes, Place place)
    {
        if (bytes.Length < PageHeader.Bytes)
        {
            throw place.Refuse("a bucket in it ends before it begins");
        }

        PageHeader header = PageHeader.Read(bytes.Span);
        if (header is not { Id: 0, Kind: PageKind.Leaf, Overflow: 0 })
        {
            throw place.Refuse($"a bucket in it has a page {header.Id} of kind {(ushort)header.Kind:x} in it, not a leaf");
        }

        int used = PageElements.Check(bytes.Span, header.Count, isLeaf: true, place);
        return used == bytes.Length
            ? new LeafPage(bytes, header.Count, place)
            : throw place.Refuse($"a bucket in it takes {used} bytes of {bytes.Length}");
    }

    /// <summary>The key at a position.</summary>
    public ReadOnlyMemory<byte> Key(int position)
    {
        PageElement element = PageElements.Leaf(_bytes.Span, position);
        return _bytes.Slice(PageElements.At(position) + (int)element.Position, (int)element.KeyBytes);
    }

    /// <summary>The value at a position.</summary>
    public ReadOnlyMemory<byte> Value(int position)
    {
        PageElement element = PageElements.Leaf(_bytes.Span, position);
        return _bytes.Slice(PageElements.At(position) + (int)(element.Position + element.KeyBytes), (int)element.ValueBytes);
    }

    /// <summary>Whether the value at a position is a bucket.</summary>
    /// <exception cref="CorruptStoreException">It is something that Bolt does not write.</exception>
    public bool IsBucket(int position)
    {
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[PageElements.At(position)..]);
        return flags <= BucketFlag ? flags == BucketFlag : throw Place.Refuse($"element {position} has unknown flags {flags:x}");
    }
}
