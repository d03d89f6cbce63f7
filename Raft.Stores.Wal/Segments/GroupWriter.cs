using System.Runtime.CompilerServices;
using Raft.Stores.Wal.Format;
using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Segments;

/// <summary>Writes groups, each synced before the next begins, and begins new segments. Owned by the log store.</summary>
internal sealed class GroupWriter
{
    private readonly string _directory;
    private readonly IDisk _disk;
    private readonly WalOptions _options;
    private readonly SegmentSet _segments;
    private readonly SegmentPreparer _preparer;
    private readonly GroupBuilder _builder = new();
    private readonly byte[] _page = new byte[SegmentHeader.PageBytes];
    // Null in production: nothing is ever overwritten.
    private readonly List<GroupStart>? _starts;
    // Null in production: no file is ever used again.
    private readonly SegmentRecycler? _recycler;
    private LogPosition _position;

    public GroupWriter(
        string directory, IDisk disk, WalOptions options, SegmentSet segments, LogPosition position, WalMutation mutation)
    {
        _directory = directory;
        _disk = disk;
        _options = options;
        _segments = segments;
        _preparer = new SegmentPreparer(directory, disk, options.SegmentBytes);
        _position = position with { Generation = position.Generation + 1 };
        _starts = mutation == WalMutation.TruncationByOverwriting ? [] : null;
        _recycler = mutation == WalMutation.SegmentSaltReused ? new SegmentRecycler(directory, disk) : null;
    }

    /// <summary>Writes entries as one group.</summary>
    /// <param name="append">The entries.</param>
    /// <param name="size">How many bytes they take as a group.</param>
    /// <returns>The group, durable, for the index; valid until the next write.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BuiltGroup> AppendAsync(LogAppend append, int size)
    {
        await MakeRoomAsync(size);
        _position = _position with
        {
            GroupNumber = _position.GroupNumber + 1,
            Term = Math.Max(_position.Term, append.CurrentTerm),
            CommitIndex = Math.Max(_position.CommitIndex, append.CommitIndex),
        };
        int count = 0;
        for (int i = 0; i < append.Slices.Count; i++)
        {
            count += append.Slices[i].Count;
        }

        Segment segment = _segments.Newest;
        BuiltGroup group = _builder.Build(append, Header(append.FirstIndex, size, count), segment.Header.Salt, segment.End);
        await segment.File.WriteAndSyncAsync(group.Offset, group.Bytes);
        _preparer.Follow(group.Offset + group.Bytes.Length, segment.Length, group.Bytes.Length);
        _starts?.Add(new GroupStart(append.FirstIndex, group.Offset, segment.Chain, _position.GroupNumber - 1));
        return group;
    }

    /// <summary>Writes that all entries from an index on are gone.</summary>
    public async ValueTask<BuiltGroup> TruncateAsync(ulong fromIndex)
    {
        _starts?.RemoveAll(start => start.FirstIndex >= fromIndex);
        int size = GroupBuilder.SizeOfTruncation();
        await MakeRoomAsync(size);
        _position = _position with { GroupNumber = _position.GroupNumber + 1 };
        Segment segment = _segments.Newest;
        BuiltGroup group = _builder.BuildTruncation(Header(fromIndex, size, count: 1), segment.Header.Salt, segment.End);
        await segment.File.WriteAndSyncAsync(group.Offset, group.Bytes);
        _preparer.Follow(group.Offset + group.Bytes.Length, segment.Length, group.Bytes.Length);
        return group;
    }

    /// <summary>In place of a truncation: the next group goes over the one that begins with an entry. Never in production.</summary>
    /// <returns>Whether a group that was written to this segment begins there.</returns>
    public bool TryGoBack(ulong fromIndex)
    {
        int at = _starts?.FindIndex(start => start.FirstIndex == fromIndex) ?? -1;
        if (at < 0)
        {
            return false;
        }

        GroupStart start = _starts![at];
        _starts.RemoveRange(at, _starts.Count - at);
        _position = _position with { GroupNumber = start.GroupNumber };
        _segments.GoBack(fromIndex, start.Offset, start.Chain);
        return true;
    }

    /// <summary>In place of a dropped segment's deletion: a later segment begins in its file. Never in production.</summary>
    /// <returns>Whether it will.</returns>
    public ValueTask<bool> TryRecycleAsync(Segment dropped) => _recycler?.TryKeepAsync(dropped) ?? ValueTask.FromResult(false);

    /// <summary>Ends the use of the last group.</summary>
    public void Release() => _builder.Release();

    /// <summary>Begins a new segment.</summary>
    /// <param name="groupBytes">How many bytes it must at least have room for.</param>
    public async ValueTask RotateAsync(int groupBytes)
    {
        Segment? before = _segments.All.Count == 0 ? null : _segments.Newest;
        PreparedFile prepared = await PrepareAsync(SegmentHeader.PageBytes + (long)groupBytes);
        var header = new SegmentHeader(
            Salt: prepared.OldSalt ?? _options.NextSalt(),
            Sequence: before is null ? 1 : before.Header.Sequence + 1,
            GroupNumber: _position.GroupNumber + 1,
            _position.Generation,
            NextIndex: _segments.LastIndex == 0 ? 0 : _segments.LastIndex + 1,
            _position.CommitIndex,
            FileBytes: (ulong)prepared.Length,
            PreviousChain: before?.Chain ?? 0);

        // Only a file whose header is durable gets a segment's name, and only one whose name is durable gets a group.
        uint checksum = header.Write(_page);
        string path = Path.Combine(_directory, WalFiles.Segment(header.Sequence));
        try
        {
            await prepared.File.WriteAndSyncAsync(0, _page);
            await _disk.RenameAsync(prepared.File.Path, path);
            await _disk.SyncDirectoryAsync(_directory);
        }
        catch
        {
            await prepared.File.DisposeAsync();
            throw;
        }

        _segments.Add(new Segment(prepared.File, path, header, checksum, prepared.Length));
        _starts?.Clear();
    }

    /// <summary>Prepares the next segment as far as the newest one's use asks for it.</summary>
    public void PrepareAhead() => _preparer.Follow(_segments.Newest.End, _segments.Newest.Length, groupBytes: 0);

    /// <summary>Prepares nothing more; a write that waits for a segment fails.</summary>
    public void Stop() => _preparer.Stop();

    /// <summary>Closes what <see cref="Stop"/> left; the segments are closed by their owner.</summary>
    public ValueTask CloseAsync() => _preparer.CloseAsync();

    private ValueTask<PreparedFile> PrepareAsync(long bytesMin) => _recycler?.TryTake(bytesMin, out Segment? kept) == true
        ? _recycler.OpenAsync(kept) : _preparer.TakeAsync(bytesMin);

    private ValueTask MakeRoomAsync(int groupBytes)
    {
        Segment newest = _segments.Newest;
        return newest.End + groupBytes <= newest.Length ? ValueTask.CompletedTask : RotateAsync(groupBytes);
    }

    private GroupHeader Header(ulong firstIndex, int groupBytes, int count) => new(
        _position.GroupNumber, _position.Generation, _position.Term, firstIndex, _position.CommitIndex,
        RecordBytes: (uint)(groupBytes - GroupHeader.Bytes), RecordCount: (uint)count, Follows: _segments.Newest.Chain);
}
