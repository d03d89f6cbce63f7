using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Raft.Stores.Bolt.Format;

/// <summary>
/// One of the two pages that say where everything begins. Each transaction writes the one that the transaction before did
/// not write.
/// </summary>
/// <param name="PageBytes">How many bytes a page has.</param>
/// <param name="RootPage">The first page of the bucket of buckets.</param>
/// <param name="FreelistPage">The first page of the free list, or <see cref="NoFreelist"/>.</param>
/// <param name="HighWater">The number behind that of the last page that was ever used.</param>
/// <param name="TransactionId">The transaction that wrote it.</param>
internal readonly record struct MetaPage(
    int PageBytes, ulong RootPage, ulong FreelistPage, ulong HighWater, ulong TransactionId)
{
    /// <summary>How many bytes of a page it takes, the page's header among them.</summary>
    public const int Bytes = PageHeader.Bytes + ChecksumAt + 8;

    /// <summary>Stands in the place of the free list's page where the list is not kept on disk.</summary>
    public const ulong NoFreelist = ulong.MaxValue;

    /// <summary>The least that a page has.</summary>
    public const int PageBytesMin = 1 << 10;

    /// <summary>The most that a page has: the largest page of memory on any machine that Go runs on.</summary>
    public const int PageBytesMax = 64 << 10;

    /// <summary>The most pages that are told apart here.</summary>
    public const ulong PagesMax = int.MaxValue;

    private const uint Magic = 0xED0CDAED;
    private const uint Version = 2;
    private const int ChecksumAt = 56;

    /// <summary>Reads one and holds it to its own checksum.</summary>
    /// <param name="page">The page, or as much of it as the meta takes.</param>
    /// <param name="place">Where it stands.</param>
    /// <exception cref="CorruptStoreException">It is none, or damaged.</exception>
    /// <exception cref="StoreException">It is of another version.</exception>
    public static MetaPage Read(ReadOnlySpan<byte> page, Place place)
    {
        PageHeader header = PageHeader.Read(page);
        ReadOnlySpan<byte> meta = page[PageHeader.Bytes..];
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(meta);
        if (magic != Magic)
        {
            throw place.Refuse(magic == BinaryPrimitives.ReverseEndianness(Magic)
                ? "it was written on a machine with the other order of bytes, which is not read here"
                : "it is no meta page of a BoltDB file: its magic is another");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(meta[4..]);
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(meta[ChecksumAt..]);
        if (checksum != Fnv1a.Hash(meta[..ChecksumAt]))
        {
            throw place.Refuse(
                "the checksum of this meta page does not fit. Where one of the two is damaged it may be the newer, so that term, "
                + "vote and entries would go back to what the other one says");
        }

        if (version != Version)
        {
            throw new StoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"{place.File} is a BoltDB file of version {version}; version {Version} is read here. The file was not changed."));
        }

        if (header.Id != place.Page || header.Kind != PageKind.Meta)
        {
            throw place.Refuse($"its header names it page {header.Id} of kind {(ushort)header.Kind:x}, not a meta page in this place");
        }

        uint pageBytes = BinaryPrimitives.ReadUInt32LittleEndian(meta[8..]);
        if (pageBytes is < PageBytesMin or > PageBytesMax || !BitOperations.IsPow2(pageBytes))
        {
            throw place.Refuse($"{pageBytes} bytes are no size of a page: it is a power of two from {PageBytesMin} to {PageBytesMax}");
        }

        return new MetaPage(
            (int)pageBytes,
            BinaryPrimitives.ReadUInt64LittleEndian(meta[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(meta[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(meta[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(meta[48..])).Within(place);
    }

    private MetaPage Within(Place place)
    {
        if (HighWater > PagesMax)
        {
            throw place.Refuse($"it counts {HighWater} pages; {PagesMax} can be read here");
        }

        if (RootPage is 0 or 1 || RootPage >= HighWater)
        {
            throw place.Refuse($"the buckets cannot begin at page {RootPage} of {HighWater}");
        }

        return FreelistPage == NoFreelist || (FreelistPage is not (0 or 1) && FreelistPage < HighWater)
            ? this
            : throw place.Refuse($"the free list cannot begin at page {FreelistPage} of {HighWater}");
    }
}
