using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Segments;

/// <summary>
/// Writes the next segment's zeros while the present one is in use, so that appends neither wait for them nor change
/// a file's metadata when they sync. Owned by the <see cref="GroupWriter"/>.
/// </summary>
internal sealed class SegmentPreparer(string directory, IDisk disk, long segmentBytes)
{
    /// <summary>Zeros are synced in pieces, so that an append's sync does not queue behind a whole segment.</summary>
    public const long PieceBytes = 4 << 20;

    private readonly string _path = Path.Combine(directory, WalFiles.NextSegment);
    private Task<PreparedFile>? _next;

    /// <summary>Begins to prepare, unless a file is prepared or on its way. What fails is told by the taking.</summary>
    public void Begin() => _next ??= PrepareAsync(segmentBytes);

    /// <summary>Hands out a file.</summary>
    /// <param name="bytesMin">How long it must be at least.</param>
    /// <returns>The file, by its temporary name.</returns>
    public async ValueTask<PreparedFile> TakeAsync(long bytesMin)
    {
        Task<PreparedFile> next = _next ?? PrepareAsync(Math.Max(bytesMin, segmentBytes));
        _next = next;
        PreparedFile prepared = await next;
        if (prepared.Length < bytesMin)
        {
            await WriteZerosAsync(prepared.File, prepared.Length, bytesMin);
            prepared = prepared with { Length = bytesMin };
        }

        _next = null;
        return prepared;
    }

    /// <summary>Waits for what is on its way and closes it. The file stays, and is removed at the next open.</summary>
    public async ValueTask CloseAsync()
    {
        if (_next is null)
        {
            return;
        }

        try
        {
            PreparedFile prepared = await _next;
            await prepared.File.DisposeAsync();
        }
        catch (Exception)
        {
            // Nobody wants the file any more, and nothing depends on it.
        }
    }

    private async Task<PreparedFile> PrepareAsync(long bytes)
    {
        IDiskFile file = await disk.OpenAsync(_path, DiskOpenMode.New);
        try
        {
            await WriteZerosAsync(file, 0, bytes);
            return new PreparedFile(file, bytes);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask WriteZerosAsync(IDiskFile file, long from, long to)
    {
        for (long at = from; at < to; at += PieceBytes)
        {
            await file.AllocateAsync(at, Math.Min(PieceBytes, to - at));
        }
    }
}
