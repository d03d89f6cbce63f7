using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>Reads the frames of the present generation, as far as they are whole. Reads only.</summary>
internal sealed class FrameScanner(FusedFile file, GenerationRecord record)
{
    private const int BufferBytes = 64 << 10;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly long _length = file.GetLength();
    private ulong _number;
    private uint _chain;

    /// <summary>The pages of all whole frames, in their order.</summary>
    public List<LoggedPage> Pages { get; } = [];

    /// <summary>Where the last whole frame begins; its end where there is none.</summary>
    public long LastFrame { get; private set; } = FrameLog.FirstOffset;

    /// <summary>Where the last whole frame ends.</summary>
    public long End { get; private set; } = FrameLog.FirstOffset;

    /// <summary>How many frames are whole.</summary>
    public ulong FrameCount => _number;

    /// <summary>Whether a frame was begun behind them and a crash tore it; one whose header it tore is not seen.</summary>
    public bool IsTailTorn { get; private set; }

    /// <summary>Reads.</summary>
    /// <exception cref="CorruptStoreException">What was synced is damaged.</exception>
    public void Scan()
    {
        while (TryReadFrame())
        {
        }

        RequireNoLaterFrame();
    }

    private bool TryReadFrame()
    {
        if (!TryReadHeader(End, ReadBlock(End), out FrameHeader header, out uint checksum))
        {
            return false;
        }

        // Only one frame of a generation is ever written in one place, and with its neighbour's checksum in it.
        if (header.Number != _number || header.Follows != _chain)
        {
            throw Damage.At(file.Path, End, "a frame stands here that does not follow the one before");
        }

        IsTailTorn = !TryReadPages(header);
        if (IsTailTorn)
        {
            return false;
        }

        LastFrame = End;
        End += FrameHeader.FrameBytes(header.PageCount);
        _number++;
        _chain = checksum;
        return true;
    }

    private bool TryReadPages(FrameHeader header)
    {
        int before = Pages.Count;
        uint pagesSum = 0;
        Span<byte> page = _buffer.AsSpan(0, DatabasePage.Bytes);
        for (uint i = 0; i < header.PageCount; i++)
        {
            long offset = End + FrameHeader.FrameBytes(i);
            if (file.ReadAt(offset, page) < page.Length)
            {
                pagesSum = ~header.PagesSum;
                break;
            }

            uint id = DatabasePage.Id(page);
            uint sum = DatabasePage.Sum(record.StoreId, id, page);
            pagesSum = FrameHeader.Join(pagesSum, sum);
            Pages.Add(new LoggedPage(id, offset, sum, header.Transaction, IsLast: i == header.PageCount - 1));
        }

        if (pagesSum == header.PagesSum && header.PageCount > 0)
        {
            return true;
        }

        Pages.RemoveRange(before, Pages.Count - before);
        return false;
    }

    /// <summary>
    /// A later frame is begun only once all before it are synced. So if the header of one stands behind the place where reading
    /// stopped, that place was durable, and no crash explains what is there.
    /// </summary>
    private void RequireNoLaterFrame()
    {
        for (long at = End + FrameHeader.BlockBytes; at < _length; at += BufferBytes)
        {
            int read = file.ReadAt(at, _buffer);
            for (int i = 0; i < read; i += FrameHeader.BlockBytes)
            {
                if (TryReadHeader(at + i, _buffer.AsSpan(i, read - i), out _, out _))
                {
                    throw Damage.At(file.Path, End, $"a later frame, at offset {at + i}, proves that this was synced");
                }
            }
        }
    }

    private bool TryReadHeader(long offset, ReadOnlySpan<byte> block, out FrameHeader header, out uint checksum) =>
        FrameHeader.TryRead(block, record.Salt, offset, out header, out checksum);

    private ReadOnlySpan<byte> ReadBlock(long offset) =>
        _buffer.AsSpan(0, file.ReadAt(offset, _buffer.AsSpan(0, FrameHeader.Bytes)));
}
