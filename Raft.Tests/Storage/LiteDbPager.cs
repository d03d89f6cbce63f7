using System.Buffers.Binary;
using Raft.Stores.LiteDb.Files;
using Raft.Stores.Wal;

namespace Raft.Tests.Storage;

/// <summary>
/// Uses the two streams of a database as LiteDB 5.0.21 does: transactions go to the log page by page, the last one marked; a
/// checkpoint copies the log to the data file, flushes that, and empties the log. What a page holds tells which version of
/// which page it is.
/// </summary>
internal sealed class LiteDbPager
{
    public const string Directory = "store";
    public const string Data = "store/litedb/raft.db";
    public const string Frames = "store/litedb/raft.frames";
    public const string Sums = "store/litedb/raft.sums";
    public const int PageBytes = 8192;

    private const int GrowthBytes = 64 << 10;
    private const int VersionAt = 32;
    private const int TransactionAt = 14;
    private const int ConfirmedAt = 18;

    // What pages hold begins somewhere in here; 20 bits of a place, and a page behind.
    private static readonly byte[] Noise = MakeNoise();

    private readonly Stream _data;
    private readonly Stream _log;
    private readonly byte[] _page = new byte[PageBytes];
    private readonly byte[] _expected = new byte[PageBytes];
    private readonly Dictionary<uint, long> _newest = [];
    private readonly HashSet<uint> _confirmed = [];
    private uint _transaction;

    private LiteDbPager(Stream data, Stream log)
    {
        _data = data;
        _log = log;
    }

    /// <summary>What a database has that was just made: the version of each page.</summary>
    public static SortedDictionary<uint, uint> Fresh => new() { [0] = 1, [1] = 1, [2] = 1 };

    /// <summary>The files, but while a database is made.</summary>
    public DatabaseFiles? Files { get; private set; }

    /// <summary>Whether it is in the middle of a checkpoint.</summary>
    public bool IsCheckpointing { get; private set; }

    public long LogPages => _log.Length / PageBytes;

    /// <summary>Opens a database, and makes it where there is none.</summary>
    public static async Task<LiteDbPager> OpenAsync(IDisk disk, Func<ulong> nextSalt, WriteFuse? fuse = null)
    {
        await disk.CreateDirectoryAsync(Directory);
        DatabaseFiles files = await DatabaseFiles.OpenAsync(Directory, disk, nextSalt, fuse ?? new WriteFuse(), Create, GrowthBytes);
        return On(files);
    }

    /// <summary>Uses open files.</summary>
    public static LiteDbPager On(DatabaseFiles files) => new(files.Data, files.Log) { Files = files };

    /// <summary>Makes a database of three pages: the header straight into the data file, the rest through the log.</summary>
    public static void Create(Stream data, Stream log)
    {
        var pager = new LiteDbPager(data, log);
        Fill(pager._page, 0, version: 0);
        pager.WriteData(0);
        data.Flush();
        pager.Commit([1, 2, 0], version: 1);
        pager.Checkpoint();
    }

    /// <summary>Writes a transaction, whose pages have a new version. In LiteDB the header, page 0, comes last.</summary>
    public void Commit(IEnumerable<uint> ids, uint version)
    {
        _transaction++;
        uint[] pages = [.. ids];
        foreach (uint id in pages)
        {
            Append(id, version, id == pages[^1]);
            _newest[id] = _log.Length - PageBytes;
        }

        _confirmed.Add(_transaction);
    }

    /// <summary>Appends one page of the transaction to come.</summary>
    public void Append(uint id, uint version, bool isLast, uint? transaction = null)
    {
        Fill(_page, id, version);
        BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(TransactionAt), transaction ?? _transaction);
        _page[ConfirmedAt] = isLast ? (byte)1 : (byte)0;
        _log.Position = _log.Length;
        _log.Write(_page, 0, PageBytes);
    }

    /// <summary>Copies each version of each page of the log to the data file, and empties the log.</summary>
    public void Checkpoint()
    {
        IsCheckpointing = true;
        CopyToData();
        _data.Flush();
        _log.SetLength(0);
        _newest.Clear();
        _confirmed.Clear();
        _transaction = 0;
        IsCheckpointing = false;
    }

    /// <summary>The first half of a checkpoint.</summary>
    public void CopyToData()
    {
        for (long at = 0; at < _log.Length; at += PageBytes)
        {
            _log.Position = at;
            _log.ReadExactly(_page, 0, PageBytes);
            if (_confirmed.Contains(BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(TransactionAt))))
            {
                WriteData(BinaryPrimitives.ReadUInt32LittleEndian(_page));
            }
        }
    }

    /// <summary>Reads all pages, from the log or the data file.</summary>
    /// <returns>The version of each; a page that is none of any version fails the test.</returns>
    public SortedDictionary<uint, uint> ReadAll(string context)
    {
        var versions = new SortedDictionary<uint, uint>();
        for (uint id = 0; id < Math.Max(_data.Length / PageBytes, _newest.Count == 0 ? 0 : _newest.Keys.Max() + 1L); id++)
        {
            versions[id] = Read(id, context);
        }

        return versions;
    }

    /// <summary>Reads a page.</summary>
    /// <returns>Its version.</returns>
    public uint Read(uint id, string context)
    {
        bool isLogged = _newest.TryGetValue(id, out long at);
        Stream stream = isLogged ? _log : _data;
        stream.Position = isLogged ? at : id * (long)PageBytes;
        stream.ReadExactly(_page, 0, PageBytes);
        ClearMarks(_page);
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(VersionAt));
        Fill(_expected, id, version);
        if (!_page.AsSpan().SequenceEqual(_expected))
        {
            Assert.Fail($"{context}: page {id} is wrong");
        }

        return version;
    }

    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[(1 << 20) + PageBytes];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private static void Fill(Span<byte> page, uint id, uint version)
    {
        ulong place = (((ulong)id << 32) | version) * 0x9E37_79B9_7F4A_7C15;
        Noise.AsSpan((int)(place >> 44), PageBytes).CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page, id);
        BinaryPrimitives.WriteUInt32LittleEndian(page[VersionAt..], version);
        ClearMarks(page);
    }

    private static void ClearMarks(Span<byte> page)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page[TransactionAt..], uint.MaxValue);
        page[ConfirmedAt] = 0;
    }

    private void WriteData(uint id)
    {
        ClearMarks(_page);
        _data.Position = id * (long)PageBytes;
        _data.Write(_page, 0, PageBytes);
    }
}
