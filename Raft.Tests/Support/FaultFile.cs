namespace Raft.Tests.Support;

/// <summary>A file of a <see cref="FaultDisk"/>: what is written, and what of it is synced.</summary>
/// <remarks>
/// As with Linux, a sync that fails drops its pages from the list of those to be written: they stay readable, and a
/// later sync succeeds without them.
/// </remarks>
/// <param name="disk">The disk.</param>
/// <param name="path">The path by which it was created.</param>
/// <param name="content">What it holds, synced; the file's own from now on.</param>
internal sealed class FaultFile(FaultDisk disk, string path, byte[] content) : IBlockingDiskFile
{
    private readonly List<(int Offset, int Length)> _dirty = [];

    // What a failed sync dropped: some of it may have come to the disk all the same.
    private readonly List<(int Offset, int Length)> _dropped = [];
    private byte[] _buffer = content;
    private int _length = content.Length;

    public string Path { get; } = path;

    public byte[] Durable { get; private set; } = content.AsSpan().ToArray();

    public byte[] Content
    {
        get
        {
            SetLength(_length);
            return _buffer;
        }
    }

    /// <summary>What is written, for a test to change; what it changes is synced with the next sync.</summary>
    public byte[] Edit()
    {
        _dirty.Add((0, _length));
        return Content;
    }

    public void SetLength(int length)
    {
        if (_buffer.Length != length)
        {
            Array.Resize(ref _buffer, length);
        }

        _length = length;
    }

    public long GetLength() => _length;

    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult(GetLength());

    public int ReadAt(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
        _buffer.AsSpan((int)Math.Min(offset, _length), count).CopyTo(buffer);
        return count;
    }

    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => ValueTask.FromResult(ReadAt(offset, buffer.Span));

    public ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        WriteAt(offset, bytes.Span);
        return ValueTask.CompletedTask;
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            disk.Change(isSync: false);
        }
        catch (IOException)
        {
            Put(offset, bytes[..Math.Min(disk.TornBytes, bytes.Length)]);
            throw;
        }

        disk.LastWrite = (Path, offset, bytes.Length);
        Put(offset, bytes);
    }

    public async ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        await WriteAtAsync(offset, bytes);
        await SyncDataAsync();
    }

    public async ValueTask AllocateAsync(long offset, long length)
    {
        (string Path, long Offset, int Length) last = disk.LastWrite;
        await WriteAndSyncAsync(offset, new byte[length]);
        disk.LastWrite = last;
    }

    public ValueTask SyncDataAsync()
    {
        SyncData();
        return ValueTask.CompletedTask;
    }

    public void SyncData()
    {
        try
        {
            disk.Change(isSync: true);
            byte[] durable = Durable;
            Array.Resize(ref durable, _length);
            foreach ((int offset, int length) in _dirty)
            {
                int count = Math.Min(length, _length - offset);
                _buffer.AsSpan(offset, count).CopyTo(durable.AsSpan(offset));
            }

            Durable = durable;
        }
        catch (IOException)
        {
            _dropped.AddRange(_dirty);
            throw;
        }
        finally
        {
            _dirty.Clear();
        }
    }

    /// <summary>What a power cut leaves, where each sector that was not synced survives or does not, and so does the length.</summary>
    public byte[] AfterPowerCut(Random random, int sectorBytes, SectorLoss loss)
    {
        int[] unsynced = [.. _dirty.Concat(_dropped)
            .SelectMany(range => Enumerable.Range(range.Offset / sectorBytes, Sectors(range, sectorBytes)))
            .Where(sector => sector * sectorBytes < _length).Distinct().Order()];
        int one = random.Next(Math.Max(1, unsynced.Length));
        int[] kept = loss switch
        {
            SectorLoss.All => [],
            SectorLoss.AllBehindOne => unsynced[..random.Next(unsynced.Length + 1)],
            SectorLoss.One => [.. unsynced.Where((_, i) => i != one)],
            SectorLoss.None => unsynced,
            _ => [.. unsynced.Where(_ => random.Next(2) == 0)],
        };
        int end = kept.Length == 0 ? 0 : Math.Min(_length, (kept[^1] + 1) * sectorBytes);
        int length = loss switch
        {
            SectorLoss.All => Durable.Length,
            SectorLoss.None => _length,
            _ => new[] { Durable.Length, Math.Max(Durable.Length, end), _length }[random.Next(3)],
        };
        byte[] left = new byte[length];
        Durable.AsSpan(0, Math.Min(length, Durable.Length)).CopyTo(left);
        foreach (int at in kept.Select(sector => sector * sectorBytes).Where(at => at < length))
        {
            int count = Math.Min(sectorBytes, Math.Min(length, _length) - at);
            _buffer.AsSpan(at, count).CopyTo(left.AsSpan(at));
        }

        return left;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static int Sectors((int Offset, int Length) range, int sectorBytes) => range.Length == 0
        ? 0 : ((range.Offset + range.Length - 1) / sectorBytes) - (range.Offset / sectorBytes) + 1;

    private void Put(long offset, ReadOnlySpan<byte> bytes)
    {
        int end = (int)offset + bytes.Length;
        if (end > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(end, 2 * _buffer.Length));
        }

        _length = Math.Max(_length, end);
        bytes.CopyTo(_buffer.AsSpan((int)offset));
        _dirty.Add(((int)offset, bytes.Length));
    }
}
