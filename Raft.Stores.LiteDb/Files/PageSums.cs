using System.Buffers.Binary;
using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// The checksum of each page of the data file, in memory and in a file of their own. Owned by the <see cref="DataFile"/>.
/// </summary>
internal sealed class PageSums(FusedFile file)
{
    private const uint Version = 1;
    private const int SectorBytes = 4096;
    private const int IdAt = FormatHead.Bytes;
    private const int ChecksumAt = IdAt + sizeof(ulong);
    private const int HeaderBytes = ChecksumAt + sizeof(uint);

    // Sectors are written whole: a sum stands in no two of them.
    private readonly SortedSet<int> _dirtySectors = [];
    private byte[] _sums = [];

    private static ReadOnlySpan<byte> Magic => "RAFTSUMS"u8;

    /// <summary>The file's path.</summary>
    public string FilePath => file.Path;

    /// <summary>The store's id.</summary>
    public ulong StoreId { get; private set; }

    /// <summary>How many pages there are: one more than the highest number that has a sum.</summary>
    public uint PageCount { get; private set; }

    /// <summary>The sum of a page, or 0 where it was never written.</summary>
    public uint this[uint id] => id < PageCount ? BinaryPrimitives.ReadUInt32LittleEndian(At(id)) : 0;

    /// <summary>Begins a new file.</summary>
    public void Create(ulong storeId)
    {
        StoreId = storeId;
        byte[] sector = new byte[SectorBytes];
        FormatHead.Write(sector, Magic, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(sector.AsSpan(IdAt), storeId);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(ChecksumAt), Checksum.Of(0, sector.AsSpan(0, ChecksumAt)));
        file.WriteAt(0, sector);
        file.Sync();
    }

    /// <summary>Reads the file, and writes nothing.</summary>
    /// <exception cref="CorruptStoreException">Its header is not whole.</exception>
    public void Read()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header = header[..file.ReadAt(0, header)];
        if (!FormatHead.IsWhole(header, Magic, Version, file.Path) || header.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumAt..]) != Checksum.Of(0, header[..ChecksumAt]))
        {
            throw Damage.At(file.Path, 0, "the header of the pages' checksums is not whole");
        }

        StoreId = BinaryPrimitives.ReadUInt64LittleEndian(header[IdAt..]);
        long bytes = Math.Clamp(file.GetLength() - SectorBytes, 0, (long)DatabasePage.CountMax * sizeof(uint));
        _sums = new byte[(bytes + SectorBytes - 1) / SectorBytes * SectorBytes];
        file.ReadAt(SectorBytes, _sums);
        PageCount = (uint)((_sums.AsSpan().LastIndexOfAnyExcept((byte)0) + sizeof(uint)) / sizeof(uint));
    }

    /// <summary>Notes the sum of a page; written by the next <see cref="Write"/> even if it is the same as before.</summary>
    public void Set(uint id, uint sum)
    {
        int sector = (int)(id * (long)sizeof(uint) / SectorBytes);
        if ((sector + 1L) * SectorBytes > _sums.Length)
        {
            Array.Resize(ref _sums, Math.Max(sector + 1, _sums.Length / SectorBytes * 2) * SectorBytes);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(At(id), sum);
        PageCount = Math.Max(PageCount, id + 1);
        _dirtySectors.Add(sector);
    }

    /// <summary>Writes what was noted.</summary>
    public void Write()
    {
        foreach (int sector in _dirtySectors)
        {
            file.WriteAt((sector + 1L) * SectorBytes, _sums.AsSpan(sector * SectorBytes, SectorBytes));
        }

        _dirtySectors.Clear();
    }

    /// <summary>Makes durable what was written.</summary>
    public void Sync() => file.Sync();

    private Span<byte> At(uint id) => _sums.AsSpan((int)(id * sizeof(uint)), sizeof(uint));
}
