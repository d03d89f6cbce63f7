using Microsoft.Win32.SafeHandles;

namespace Raft.Stores.Wal.Disk;

/// <summary>A file of the <see cref="ReadOnlyDisk"/>: what is written to it stays in memory, page by page.</summary>
/// <remarks>Used by one call at a time.</remarks>
internal sealed class ReadOnlyFile(SafeFileHandle file, string path) : IBlockingDiskFile
{
    private const int PageBytes = 4096;

    private readonly Dictionary<long, byte[]> _changed = [];
    private readonly byte[] _zeros = new byte[PageBytes];
    private long _length = RandomAccess.GetLength(file);

    /// <inheritdoc/>
    public string Path => path;

    /// <inheritdoc/>
    public long GetLength() => _length;

    /// <inheritdoc/>
    public int ReadAt(long offset, Span<byte> buffer)
    {
        int length = (int)Math.Clamp(_length - offset, 0, buffer.Length);
        buffer = buffer[..length];
        for (int done = 0; done < length;)
        {
            long page = (offset + done) / PageBytes;
            int at = (int)((offset + done) % PageBytes);
            int count = Math.Min(PageBytes - at, length - done);
            if (_changed.TryGetValue(page, out byte[]? changed))
            {
                changed.AsSpan(at, count).CopyTo(buffer[done..]);
            }
            else
            {
                // All up to the next page that was changed: where none was, that is one call.
                count = _changed.Count == 0 ? length - done : count;
                Fill(offset + done, buffer.Slice(done, count));
            }

            done += count;
        }

        return length;
    }

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int at = (int)(offset % PageBytes);
            int count = Math.Min(PageBytes - at, bytes.Length);
            bytes[..count].CopyTo(Page(offset / PageBytes).AsSpan(at));
            offset += count;
            bytes = bytes[count..];
            _length = Math.Max(_length, offset);
        }
    }

    /// <inheritdoc/>
    public void SyncData()
    {
        // Nothing is to outlive the file.
    }

    /// <inheritdoc/>
    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult(GetLength());

    /// <inheritdoc/>
    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => ValueTask.FromResult(ReadAt(offset, buffer.Span));

    /// <inheritdoc/>
    public ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        WriteAt(offset, bytes.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes) => WriteAtAsync(offset, bytes);

    /// <inheritdoc/>
    public ValueTask AllocateAsync(long offset, long length)
    {
        for (long end = Math.Min(offset + length, _length), at = offset; at < end; at += PageBytes)
        {
            WriteAt(at, _zeros.AsSpan(0, (int)Math.Min(PageBytes, end - at)));
        }

        _length = Math.Max(_length, offset + length);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SyncDataAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    private byte[] Page(long number)
    {
        if (!_changed.TryGetValue(number, out byte[]? page))
        {
            page = new byte[PageBytes];
            Fill(number * PageBytes, page);
            _changed.Add(number, page);
        }

        return page;
    }

    /// <summary>Reads what stands on the disk, and zeros behind its end.</summary>
    private void Fill(long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                buffer.Clear();
                return;
            }

            offset += read;
            buffer = buffer[read..];
        }
    }
}
