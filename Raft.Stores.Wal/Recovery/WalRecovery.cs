using Raft.Stores.Wal.Format;
using Raft.Stores.Wal.Segments;

namespace Raft.Stores.Wal.Recovery;

/// <summary>
/// Finds out what a log's files hold after whatever happened to the process before. Reading and repairing are apart:
/// a log that is refused is left as it is, to the byte.
/// </summary>
internal sealed class WalRecovery(string directory, IDisk disk, WalMutation mutation)
{
    private const int PieceBytes = 1 << 20;

    private readonly LogReplay _replay = new();
    private readonly List<IDiskFile> _opened = [];

    /// <summary>The segments with what is whole in them.</summary>
    public SegmentSet Segments => _replay.Segments;

    /// <summary>Counters and notes as of the last group.</summary>
    public LogPosition Position => _replay.Position;

    /// <summary>
    /// Whether anything of a group that was not whole stands behind the log's end. The next group then goes to a new
    /// segment, whose header names the record where this one ends; what is torn stays as it is.
    /// </summary>
    /// <remarks>
    /// Nothing is overwritten with zeros: were their sync to fail, the next open would read the zeros in the page
    /// cache, and go on in front of what the disk still holds. Each place is written with one content only, so zeros
    /// that are read are zeros on disk.
    /// </remarks>
    public bool HasTornTail { get; private set; }

    /// <summary>What is torn, where anything is.</summary>
    public WalTornTail? TornTail
    {
        get
        {
            // A group that drops entries begins at or before the last of them; its record alone would say that it is one.
            ulong next = Segments.LastIndex + 1;
            return !HasTornTail ? null
                : _replay is { IsWithinGroup: true, Group: { } group } && group.FirstIndex + group.RecordCount > next
                    ? new WalTornTail(
                        Segments.Newest.Path, _replay.Offset, Math.Max(next, group.FirstIndex), group.FirstIndex + group.RecordCount - 1)
                    : new WalTornTail(Segments.Newest.Path, _replay.Offset, FirstIndex: 0, LastIndex: 0);
        }
    }

    /// <summary>Reads everything, and writes nothing.</summary>
    /// <param name="names">The names of the files in the directory, sorted.</param>
    /// <exception cref="CorruptStoreException">What was synced is damaged.</exception>
    public async ValueTask ScanAsync(IReadOnlyList<string> names)
    {
        var scanner = new SegmentScanner(_replay);
        string[] segments = [.. names.Where(name => WalFiles.IsSegment(name, out _))];
        for (int i = 0; i < segments.Length; i++)
        {
            await scanner.ScanAsync(await OpenAsync(segments[i]));
        }

        if (Segments.All.Count == 0)
        {
            return;
        }

        _replay.EndSegment();
        bool isZero = await scanner.IsTailZeroAsync(Segments.Newest);
        HasTornTail = _replay.IsWithinGroup || !isZero;
    }

    /// <summary>Keeps what was read of a log that is refused: the entries before the damage.</summary>
    public void KeepWholePart()
    {
        if (Segments.All.Count > 0)
        {
            _replay.EndSegment();
        }
    }

    /// <summary>Makes durable what was read, and removes what was never whole.</summary>
    public async ValueTask RepairAsync()
    {
        // After a kill the page cache may hold what the disk never saw; an answer may be based on it from now on.
        for (int i = 0; i < Segments.All.Count && mutation != WalMutation.NoSyncAtOpen; i++)
        {
            await Segments.All[i].File.SyncDataAsync();
        }

        await disk.DeleteAsync(Path.Combine(directory, WalFiles.NextSegment));
        await disk.SyncDirectoryAsync(directory);
        if (Segments.All.Count > 0 && mutation != WalMutation.NoSyncAtOpen)
        {
            await RewriteLastGroupAsync(Segments.Newest);
        }
    }

    /// <summary>
    /// Writes the last group once more, as it stands. After a failed sync the page cache may hold it as clean although
    /// the disk never got it, and a sync alone would succeed without it; all groups before it were synced.
    /// </summary>
    private async ValueTask RewriteLastGroupAsync(Segment newest)
    {
        byte[] piece = new byte[(int)Math.Min(PieceBytes, newest.End - _replay.GroupStart)];
        for (long at = _replay.GroupStart; at < newest.End; at += piece.Length)
        {
            int wanted = (int)Math.Min(piece.Length, newest.End - at);
            int read = await newest.File.ReadAtAsync(at, piece.AsMemory(0, wanted));
            await newest.File.WriteAtAsync(at, piece.AsMemory(0, read));
        }

        await newest.File.SyncDataAsync();
    }

    /// <summary>Closes the files of a log that was refused.</summary>
    public async ValueTask CloseAsync()
    {
        foreach (IDiskFile file in _opened)
        {
            await file.DisposeAsync();
        }
    }

    private async ValueTask<Segment> OpenAsync(string name)
    {
        string path = Path.Combine(directory, name);
        IDiskFile file = await disk.OpenAsync(path, DiskOpenMode.Existing);
        _opened.Add(file);
        byte[] page = new byte[SegmentHeader.PageBytes];
        int read = await file.ReadAtAsync(0, page);

        // A file gets a segment's name only when it is as long as it will be and its header is synced.
        if (!SegmentHeader.TryRead(page.AsSpan(0, read), path, out SegmentHeader header, out uint checksum))
        {
            throw Damage.At(path, 0, "the segment's header is not whole");
        }

        WalFiles.IsSegment(name, out ulong sequence);
        if (header.Sequence != sequence)
        {
            throw Damage.At(path, 0, $"it is segment {header.Sequence} by its header, not the one of its name");
        }

        long length = await file.GetLengthAsync();
        return length >= (long)header.FileBytes
            ? new Segment(file, path, header, checksum, (long)header.FileBytes)
            : throw Damage.At(path, length, $"the file ends here; it was made {header.FileBytes} bytes long");
    }
}
