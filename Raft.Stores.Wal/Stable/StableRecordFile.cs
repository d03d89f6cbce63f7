using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Stable;

/// <summary>The term and vote, as a record in <see cref="RecordSlots"/>. One write and one sync replace it.</summary>
internal sealed class StableRecordFile(string directory, IDisk disk, Func<ulong> nextSalt, WalMutation mutation)
{
    private const int VoteAt = RecordSlot.HeadBytes + TermAndVoteEncoding.VoteAt;

    private static readonly byte[] Magic = [.. "RAFTVOTE"u8];

    private readonly string _path = Path.Combine(directory, WalFiles.Stable);
    private readonly RecordSlots _slots = new(Path.Combine(directory, WalFiles.Stable), Magic, mutation);
    private IDiskFile? _file;

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
        byte[] bytes = new byte[RecordSlots.FileBytes];
        int read = await _file.ReadAtAsync(0, bytes);
        if (mutation == WalMutation.TornRecord)
        {
            bytes.AsSpan(RecordSlot.SectorBytes + VoteAt, RecordSlot.SectorBytes - VoteAt).CopyTo(bytes.AsSpan(VoteAt));
        }

        _slots.Read(bytes.AsMemory(0, read));
        if (_slots.Newest is not { } newest)
        {
            throw Damage.At(_path, 0, "no copy of the term and vote is whole");
        }

        try
        {
            Record = newest.Payload.IsEmpty ? null : TermAndVoteEncoding.Decode(newest.Payload.Span);
        }
        catch (FormatException unknown)
        {
            throw new StoreException($"{_path} cannot be read by this build: {unknown.Message} Nothing was changed.", unknown);
        }
    }

    /// <summary>Makes durable what was read, in both copies, or makes the file.</summary>
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
        (long first, long second, ReadOnlyMemory<byte> copy) = _slots.Repairs();
        await _file.WriteAndSyncAsync(first, copy);
        await _file.WriteAndSyncAsync(second, copy);
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

    private async ValueTask CreateAsync()
    {
        string temporary = Path.Combine(directory, WalFiles.StableNew);
        await disk.DeleteAsync(temporary);
        _file = await disk.OpenAsync(temporary, DiskOpenMode.New);
        await _file.AllocateAsync(0, RecordSlots.FileBytes);
        _slots.Begin(nextSalt());
        await WriteAsync(default);
        await disk.RenameAsync(temporary, _path);
        await disk.SyncDirectoryAsync(directory);
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> payload)
    {
        (RecordSlot next, long offset, ReadOnlyMemory<byte> copies) = _slots.Next(payload);
        if (mutation == WalMutation.TornRecord)
        {
            await OverwriteAsync(_file!, copies);
        }
        else
        {
            await _file!.WriteAndSyncAsync(offset, copies);
        }

        _slots.Accept(next);
    }

    /// <summary>Writes the vote and then the term over those before, each in a sector of its own. Never in production.</summary>
    private static async ValueTask OverwriteAsync(IDiskFile file, ReadOnlyMemory<byte> copy)
    {
        await file.WriteAtAsync(RecordSlot.SectorBytes + VoteAt, copy[VoteAt..RecordSlot.SectorBytes]);
        await file.WriteAtAsync(0, copy[..VoteAt]);
        await file.SyncDataAsync();
    }
}
