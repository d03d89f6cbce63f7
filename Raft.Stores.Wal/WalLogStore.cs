using System.Runtime.CompilerServices;
using Raft.Stores.Wal.Recovery;
using Raft.Stores.Wal.Segments;

namespace Raft.Stores.Wal;

/// <summary>The log of a <see cref="WalStore"/>. Writes come one at a time, from one task; reads may come beside them.</summary>
internal sealed class WalLogStore : ILogStore, ICommitHint, IAsyncDisposable
{
    private readonly string _directory;
    private readonly IDisk _disk;
    private readonly WriteFuse _fuse;
    private readonly SegmentSet _segments;
    private readonly GroupWriter _writer;
    private readonly WriteTurn _turn;

    private WalLogStore(string directory, IDisk disk, WriteFuse fuse, SegmentSet segments, GroupWriter writer, ulong commitIndexHint)
    {
        _directory = directory;
        _disk = disk;
        _fuse = fuse;
        _segments = segments;
        _writer = writer;
        _turn = new WriteTurn(fuse);
        CommitIndexHint = commitIndexHint;
        KnownCommitIndex = commitIndexHint;
    }

    /// <inheritdoc/>
    public ulong FirstIndex => _segments.FirstIndex;

    /// <inheritdoc/>
    public ulong LastIndex => _segments.LastIndex;

    /// <summary>The highest commit index that stood in the log when it was opened.</summary>
    public ulong CommitIndexHint { get; }

    /// <inheritdoc/>
    public ulong KnownCommitIndex { get; private set; }

    /// <summary>Opens a log that was read and not refused.</summary>
    public static async ValueTask<WalLogStore> OpenAsync(
        string directory, IDisk disk, WalOptions options, WriteFuse fuse, WalRecovery recovery, WalMutation mutation)
    {
        await recovery.RepairAsync();
        var writer = new GroupWriter(directory, disk, options, recovery.Segments, recovery.Position, mutation);
        if (recovery.Segments.All.Count == 0 || recovery.HasTornTail)
        {
            await BeginSegmentAsync(writer);
        }

        writer.PrepareAhead();
        return new WalLogStore(directory, disk, fuse, recovery.Segments, writer, recovery.Position.CommitIndex);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendAsync(LogAppend append)
    {
        RequireConsecutive(append);
        int groupBytes = GroupBuilder.SizeOf(append);
        _turn.Begin();
        try
        {
            _segments.AddGroup(await _writer.AppendAsync(append, groupBytes));
            KnownCommitIndex = Math.Max(KnownCommitIndex, append.CommitIndex);
        }
        catch (Exception failure)
        {
            // Whatever it was: what stands on disk is no longer known.
            throw _fuse.Blow(_segments.Newest.Path, failure);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <inheritdoc/>
    public async ValueTask TruncateSuffixAsync(ulong fromIndex)
    {
        if (LastIndex == 0 || fromIndex > LastIndex)
        {
            return;
        }

        _turn.Begin();
        try
        {
            await DropFromAsync(Math.Max(fromIndex, FirstIndex));
            if (LastIndex == 0)
            {
                await DropFrontAsync(ulong.MaxValue);
            }
        }
        catch (Exception failure)
        {
            // Whatever it was: what stands on disk is no longer known.
            throw _fuse.Blow(_segments.Newest.Path, failure);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <inheritdoc/>
    public async ValueTask TruncatePrefixAsync(ulong throughIndex)
    {
        if (LastIndex == 0 || throughIndex < FirstIndex)
        {
            return;
        }

        _turn.Begin();
        try
        {
            // Whole files cannot say that the newest one's entries are gone; a record can.
            if (throughIndex >= LastIndex)
            {
                await DropFromAsync(FirstIndex);
            }

            await DropFrontAsync(throughIndex);
        }
        catch (Exception failure)
        {
            // Whatever it was: what stands on disk is no longer known.
            throw _fuse.Blow(_segments.Newest.Path, failure);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        var reader = new RunReader(fromIndex, throughIndex, bytesMax);
        while (!reader.IsDone
            && _segments.TryBeginRead(reader.NextIndex, throughIndex, bytesMax, out Segment? segment, out EntryRange range))
        {
            try
            {
                await reader.ReadAsync(segment, range);
            }
            finally
            {
                if (_segments.EndRead(segment))
                {
                    await segment.File.DisposeAsync();
                }
            }
        }

        return RunDecoding.Decode(reader, fromIndex, _segments, _directory);
    }

    /// <inheritdoc/>
    /// <remarks>The fuse is blown before. The write under way may take its time: what it writes must not land later.</remarks>
    public async ValueTask DisposeAsync()
    {
        _writer.Stop();
        await _turn.WhenOverAsync();
        await _writer.CloseAsync();
        for (int i = 0; i < _segments.All.Count; i++)
        {
            await _segments.All[i].File.DisposeAsync();
        }
    }

    private static async ValueTask BeginSegmentAsync(GroupWriter writer)
    {
        try
        {
            await writer.RotateAsync(groupBytes: 0);
        }
        catch
        {
            writer.Stop();
            await writer.CloseAsync();
            throw;
        }
    }

    private async ValueTask DropFromAsync(ulong fromIndex)
    {
        if (_writer.TryGoBack(fromIndex))
        {
            return;
        }

        BuiltGroup group = await _writer.TruncateAsync(fromIndex);
        _segments.DropFrom(fromIndex, group);
    }

    private async ValueTask DropFrontAsync(ulong throughIndex)
    {
        while (_segments.TakeOldest(throughIndex) is Segment oldest)
        {
            // One after the other: a crash may not leave a segment while a later one is gone.
            try
            {
                if (!await _writer.TryRecycleAsync(oldest))
                {
                    await _disk.DeleteAsync(oldest.Path);
                    await _disk.SyncDirectoryAsync(_directory);
                }
            }
            finally
            {
                if (_segments.Drop(oldest))
                {
                    await oldest.File.DisposeAsync();
                }
            }
        }
    }

    private void RequireConsecutive(LogAppend append)
    {
        ulong next = LastIndex == 0 ? append.FirstIndex : LastIndex + 1;
        for (int i = 0; i < append.Slices.Count; i++)
        {
            Invariant.Require(append.Slices[i].FirstIndex == next, "appending leaves no gap in the log");
            next = append.Slices[i].LastIndex + 1;
        }
    }

    private void EndWrite()
    {
        _writer.Release();
        _turn.End();
    }
}
