using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Stable;

/// <summary>
/// The term and vote in four sectors: two generations, written in turn, of two copies each. A write that is torn hurts
/// only the generation it writes, and a sector that goes bad only one copy.
/// </summary>
internal sealed class StableRecordFile(string directory, IDisk disk, Func<ulong> nextSalt, WalMutation mutation)
{
    private const int CopyCount = 2;
    private const int GenerationCount = 2;
    private const int GenerationBytes = CopyCount * StableSlot.SectorBytes;
    private const int FileBytes = GenerationCount * GenerationBytes;
    private const int VoteAt = StableSlot.HeadBytes + TermAndVoteEncoding.VoteAt;

    private readonly string _path = Path.Combine(directory, WalFiles.Stable);
    private readonly byte[] _buffer = new byte[GenerationBytes];
    private IDiskFile? _file;
    private StableSlot? _newest;
    private bool _isFirstCopyWhole;

    /// <summary>The file's path.</summary>
    public string FilePath => _path;

    /// <summary>The record last saved, or null.</summary>
    public TermAndVote? Record { get; private set; }

    /// <summary>Reads the file, if it exists, and writes nothing.</summary>
    /// <param name="exists">Whether it does.</param>
    /// <param name="isFresh">Whether there is no log either, so that the file may be missing.</param>
    /// <exception cref="CorruptStoreException">No copy is whole.</exception>
    public async ValueTask ScanAsync(bool exists, bool isFresh)
    {
        if (!exists)
        {
            // It is made before the first segment: without it this server would forget whom it voted for.
            if (!isFresh)
            {
                throw Damage.At(_path, 0, "there is a log, but the file with the term and vote is missing");
            }

            return;
        }

        _file = await disk.OpenAsync(_path, DiskOpenMode.Existing);
        byte[] bytes = new byte[FileBytes];
        int read = await _file.ReadAtAsync(0, bytes);
        if (mutation == WalMutation.TornRecord)
        {
            bytes.AsSpan(StableSlot.SectorBytes + VoteAt, StableSlot.SectorBytes - VoteAt).CopyTo(bytes.AsSpan(VoteAt));
        }

        for (int at = 0; at < read; at += StableSlot.SectorBytes)
        {
            Memory<byte> sector = bytes.AsMemory(at, Math.Min(StableSlot.SectorBytes, read - at));
            Consider(StableSlot.Read(sector, _path, isChecked: mutation != WalMutation.TornRecord), at);
        }

        if (_newest is null)
        {
            throw Damage.At(_path, 0, "no copy of the term and vote is whole");
        }

        try
        {
            Record = _newest.Payload.IsEmpty ? null : TermAndVoteEncoding.Decode(_newest.Payload.Span);
        }
        catch (FormatException unknown)
        {
            throw new StoreException($"{_path} cannot be read by this build: {unknown.Message} Nothing was changed.", unknown);
        }
    }

    /// <summary>Makes durable what was read, in both copies, or makes the file.</summary>
    /// <remarks>
    /// After a failed sync the page cache may hold, as clean, what the disk never got; a sync alone would succeed
    /// without it. So the record is written once more, one copy at a time: the other one is whole meanwhile.
    /// </remarks>
    public async ValueTask RepairAsync()
    {
        if (_file is null)
        {
            await CreateAsync();
            return;
        }

        if (mutation == WalMutation.NoSyncAtOpen)
        {
            return;
        }

        await _file.SyncDataAsync();
        Fill(_newest!);
        ReadOnlyMemory<byte> copy = _buffer.AsMemory(0, StableSlot.SectorBytes);
        long first = PlaceOf(_newest!.Sequence);
        long second = first + StableSlot.SectorBytes;
        await _file.WriteAndSyncAsync(_isFirstCopyWhole ? second : first, copy);
        await _file.WriteAndSyncAsync(_isFirstCopyWhole ? first : second, copy);
    }

    /// <summary>Replaces the record.</summary>
    /// <param name="record">The new record.</param>
    /// <param name="encoded">Its bytes.</param>
    public async ValueTask SaveAsync(TermAndVote record, byte[] encoded)
    {
        await WriteAsync(encoded);
        Record = record;
    }

    /// <summary>Closes the file.</summary>
    public ValueTask CloseAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Consider(StableSlot? copy, long offset)
    {
        if (copy is null)
        {
            return;
        }

        if (_newest is not null && copy.Salt != _newest.Salt)
        {
            throw Damage.At(_path, offset, "a copy from another file stands here");
        }

        if (offset / GenerationBytes * GenerationBytes == PlaceOf(copy.Sequence)
            && (_newest is null || copy.Sequence > _newest.Sequence))
        {
            _isFirstCopyWhole = offset == PlaceOf(copy.Sequence);
            _newest = copy;
        }
    }

    private async ValueTask CreateAsync()
    {
        string temporary = Path.Combine(directory, WalFiles.StableNew);
        await disk.DeleteAsync(temporary);
        _file = await disk.OpenAsync(temporary, DiskOpenMode.New);
        await _file.AllocateAsync(0, FileBytes);
        _newest = new StableSlot(nextSalt(), ulong.MaxValue, default);
        await WriteAsync(default);
        await disk.RenameAsync(temporary, _path);
        await disk.SyncDirectoryAsync(directory);
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> payload)
    {
        StableSlot next = _newest! with { Sequence = unchecked(_newest.Sequence + 1), Payload = payload };
        Fill(next);
        if (mutation == WalMutation.TornRecord)
        {
            await OverwriteAsync(_file!);
        }
        else
        {
            await _file!.WriteAndSyncAsync(PlaceOf(next.Sequence), _buffer);
        }

        _newest = next;
    }

    /// <summary>Writes the vote and then the term over those before, each in a sector of its own. Never in production.</summary>
    private async ValueTask OverwriteAsync(IDiskFile file)
    {
        await file.WriteAtAsync(
            StableSlot.SectorBytes + VoteAt, _buffer.AsMemory(VoteAt, StableSlot.SectorBytes - VoteAt));
        await file.WriteAtAsync(0, _buffer.AsMemory(0, VoteAt));
        await file.SyncDataAsync();
    }

    private void Fill(StableSlot record)
    {
        for (int copy = 0; copy < CopyCount; copy++)
        {
            record.Write(_buffer.AsSpan(copy * StableSlot.SectorBytes, StableSlot.SectorBytes));
        }
    }

    private long PlaceOf(ulong sequence) =>
        mutation == WalMutation.TornRecord ? 0 : (long)(sequence % GenerationCount) * GenerationBytes;
}
