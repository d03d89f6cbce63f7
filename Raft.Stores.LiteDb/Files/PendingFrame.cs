namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// The frame of a transaction that is not confirmed yet, in the buffer from which it will be written in one piece. Owned by
/// the <see cref="FrameLog"/>.
/// </summary>
internal sealed class PendingFrame(ulong storeId)
{
    private const int PagesKept = 256;

    private readonly List<(uint Id, uint Sum)> _pages = [];
    private byte[] _buffer = new byte[FrameHeader.FrameBytes(4)];
    private uint _pagesSum;

    /// <summary>How many pages it has.</summary>
    public int PageCount => _pages.Count;

    /// <summary>The transaction of its pages, if it has any.</summary>
    public uint Transaction { get; private set; }

    /// <summary>Takes a page over.</summary>
    public void Add(ReadOnlySpan<byte> page)
    {
        int at = (int)FrameHeader.FrameBytes(PageCount);
        if (_buffer.Length < at + DatabasePage.Bytes)
        {
            Array.Resize(ref _buffer, (int)FrameHeader.FrameBytes(2 * PageCount));
        }

        Span<byte> kept = _buffer.AsSpan(at, DatabasePage.Bytes);
        page.CopyTo(kept);
        Transaction = DatabasePage.Transaction(page);
        DatabasePage.ClearMarks(kept);
        uint id = DatabasePage.Id(kept);
        uint sum = DatabasePage.Sum(storeId, id, kept);
        _pages.Add((id, sum));
        _pagesSum = FrameHeader.Join(_pagesSum, sum);
    }

    /// <summary>Gives back a page as it was taken over.</summary>
    public void Read(int index, Span<byte> page)
    {
        _buffer.AsSpan((int)FrameHeader.FrameBytes(index), DatabasePage.Bytes).CopyTo(page);
        DatabasePage.SetMarks(page, Transaction, isConfirmed: false);
    }

    /// <summary>Puts the header in front of the pages.</summary>
    /// <returns>The frame, valid until a page is added, and its header's checksum.</returns>
    public (ReadOnlyMemory<byte> Frame, uint Checksum) Seal(ulong salt, long offset, ulong number, uint follows)
    {
        var header = new FrameHeader(number, (uint)PageCount, Transaction, follows, _pagesSum);
        uint checksum = header.Write(_buffer, salt, offset);
        return (_buffer.AsMemory(0, (int)FrameHeader.FrameBytes(PageCount)), checksum);
    }

    /// <summary>Hands its pages over to the log once the frame is synced, and is empty again.</summary>
    /// <param name="log">The pages of the log.</param>
    /// <param name="offset">Where the frame was written.</param>
    public void MoveTo(List<LoggedPage> log, long offset)
    {
        for (int i = 0; i < _pages.Count; i++)
        {
            log.Add(new LoggedPage(
                _pages[i].Id, offset + FrameHeader.FrameBytes(i), _pages[i].Sum, Transaction, IsLast: i == _pages.Count - 1));
        }

        _pages.Clear();
        _pagesSum = 0;
        if (_buffer.Length > FrameHeader.FrameBytes(PagesKept))
        {
            _buffer = new byte[FrameHeader.FrameBytes(PagesKept)];
        }
    }
}
