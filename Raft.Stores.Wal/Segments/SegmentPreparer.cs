using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Segments;

/// <summary>
/// Writes the next segment's zeros while the present one is in use, so that appends neither wait for them nor change
/// a file's metadata when they sync. Owned by the <see cref="GroupWriter"/>.
/// </summary>
/// <remarks>
/// It advances only as the present segment fills, so that its syncs stand between the appends' and not before them. A
/// segment that is needed before all its zeros are written is shorter. Under large groups the zeros would be half of all that the disk
/// writes, and metadata are little beside a group: then the next segment is only reserved.
/// </remarks>
internal sealed class SegmentPreparer(string directory, IDisk disk, long segmentBytes)
{
    /// <summary>Zeros are synced in pieces, so that an append's sync does not queue behind a whole segment.</summary>
    public const long PieceBytes = 1 << 20;

    /// <summary>
    /// How many times an append's bytes its new segment has at least. Were it only once, large appends would each
    /// begin a segment, and the preparing never catch up.
    /// </summary>
    private const int GroupsMin = 4;

    /// <summary>From which size on, on average of the last groups, segments are reserved and not written.</summary>
    private const int LargeGroupBytes = 128 << 10;

    private const double NewestShare = 1.0 / 16;

    // ENOSPC, EDQUOT (Linux) and ERROR_DISK_FULL, as an exception carries them.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>How many bytes are prepared at most for each byte used: a short segment is followed by a longer one.</summary>
    private const int GrowthMax = 4;

    private readonly string _path = Path.Combine(directory, WalFiles.NextSegment);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One link behind the other: the file and what is prepared of it are changed by the link that runs alone.
    private Task _links = Task.CompletedTask;
    private IDiskFile? _file;
    private double _groupBytes;
    private long _prepared;
    private long _asked;
    private long _enough = long.MaxValue;
    private bool _isStopped;

    /// <summary>Lets the preparing follow the use of the present segment. What fails is told by the taking.</summary>
    /// <param name="used">How many bytes of it are used: in its second half the next one is prepared.</param>
    /// <param name="length">How many it has.</param>
    /// <param name="groupBytes">How many bytes the last group had; 0 where there is none.</param>
    public void Follow(long used, long length, int groupBytes)
    {
        Volatile.Write(ref _groupBytes, groupBytes == 0 ? _groupBytes : (_groupBytes * (1 - NewestShare)) + (groupBytes * NewestShare));
        long half = length / 2;
        if (used > half)
        {
            double part = (double)(used - half) / (length - half);
            long wanted = Math.Min((long)(segmentBytes * part), GrowthMax * used);
            Ask(Math.Min(segmentBytes, (wanted / PieceBytes * PieceBytes) + PieceBytes));
        }
    }

    /// <summary>Hands out a file, as soon as it is long enough.</summary>
    /// <param name="bytesMin">How long it must be at least.</param>
    /// <returns>The file, by its temporary name.</returns>
    public async ValueTask<PreparedFile> TakeAsync(long bytesMin)
    {
        long enough = Math.Max(bytesMin, Math.Min(segmentBytes, GroupsMin * bytesMin));
        Volatile.Write(ref _enough, enough);
        Ask(enough);
        await Task.WhenAny(_links, _stopped.Task);
        RequireNotStopped();
        try
        {
            await _links;
        }
        catch (IOException full) when (full.HResult is NoSpace or QuotaExceeded or WindowsDiskFull)
        {
            // It failed some time ago, and nothing durable depends on it: there may be room by now.
            await BeginAnewAsync();
            Ask(enough);
            await Task.WhenAny(_links, _stopped.Task);
            RequireNotStopped();
            await _links;
        }

        var prepared = new PreparedFile(_file!, _prepared);
        _file = null;
        _prepared = 0;
        _asked = 0;
        Volatile.Write(ref _enough, long.MaxValue);
        return prepared;
    }

    /// <summary>Begins no further piece, and lets no append wait for the one under way.</summary>
    public void Stop()
    {
        Volatile.Write(ref _isStopped, true);
        _stopped.TrySetResult();
    }

    /// <summary>Closes the file after <see cref="Stop"/>, behind the piece under way: nothing is written behind the back of the next owner.</summary>
    public async ValueTask CloseAsync()
    {
        try
        {
            await _links;
        }
        catch (Exception)
        {
            // Nobody wants the file any more, and nothing depends on it.
        }

        if (_file is not null)
        {
            await _file.DisposeAsync();
        }
    }

    private async ValueTask BeginAnewAsync()
    {
        if (_file is not null)
        {
            await _file.DisposeAsync();
        }

        await disk.DeleteAsync(_path);
        _file = null;
        _prepared = 0;
        _asked = 0;
        _links = Task.CompletedTask;
    }

    private void Ask(long bytes)
    {
        if (bytes > _asked)
        {
            _asked = bytes;
            _links = PrepareAsync(_links, bytes);
        }
    }

    private async Task PrepareAsync(Task before, long bytes)
    {
        await before;
        while (_prepared < Math.Min(bytes, Volatile.Read(ref _enough)))
        {
            RequireNotStopped();
            if (_file is null)
            {
                _file = await disk.OpenAsync(_path, DiskOpenMode.New);
                RequireNotStopped();
            }

            long rest = Math.Max(bytes, segmentBytes) - _prepared;
            long piece = Math.Min(PieceBytes, rest);
            if (Volatile.Read(ref _groupBytes) >= LargeGroupBytes)
            {
                piece = rest;
                await _file.ReserveAsync(_prepared, piece);
            }
            else
            {
                await _file.AllocateAsync(_prepared, piece);
            }

            _prepared += piece;
        }
    }

    private void RequireNotStopped() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isStopped), this);
}
