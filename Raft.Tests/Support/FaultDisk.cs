using Raft.Simulation.Disk;

namespace Raft.Tests.Support;

/// <summary>
/// A disk in memory that knows what was synced: it fails where a test says so, and shows what a power cut would leave.
/// </summary>
internal sealed class FaultDisk : IDisk
{
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private readonly NameTree<FaultFile> _names = new();

    /// <summary>How many writes, syncs, renames, deletions and creations there were.</summary>
    public int Changes { get; private set; }

    /// <summary>The change with this number fails, and all that follow.</summary>
    public int FailFrom { get; set; } = int.MaxValue;

    /// <summary>Of a write that fails, how many bytes are written all the same.</summary>
    public int TornBytes { get; set; }

    /// <summary>Whether the change that fails is to be a sync: of <see cref="FailFrom"/> on, the first.</summary>
    public bool FailOnlySyncs { get; set; }

    /// <summary>The last write that was not of zeros ahead of time: where it went and how long it was.</summary>
    public (string Path, long Offset, int Length) LastWrite { get; set; }

    /// <summary>The names of all files.</summary>
    public IReadOnlyList<string> Paths => [.. _names.Files().Keys];

    /// <summary>The newest segment of a log.</summary>
    public string NewestSegment => Paths.Last(path => path.EndsWith(".wal", StringComparison.Ordinal));

    /// <summary>A file's bytes, which the caller may change.</summary>
    public byte[] Content(string path) => _names.Find(path)!.Edit();

    /// <summary>A file's bytes, to look at.</summary>
    public ReadOnlySpan<byte> Peek(string path) => _names.Find(path)!.Content;

    /// <summary>Cuts a file off.</summary>
    public void SetLength(string path, int length) => _names.Find(path)!.SetLength(length);

    /// <summary>A copy without open files and locks, where all is synced that is written.</summary>
    public FaultDisk Clone()
    {
        var copy = new FaultDisk();
        _names.CopyTo(copy._names, onlyDurable: false, (path, file) => new FaultFile(copy, path, [.. file.Content]));
        return copy;
    }

    /// <summary>What is left after a power cut.</summary>
    /// <param name="keepsUnsynced">Whether what was not synced came through all the same.</param>
    /// <param name="keepsNames">Whether creations, renames and deletions did.</param>
    public FaultDisk AfterPowerCut(bool keepsUnsynced, bool keepsNames)
    {
        var copy = new FaultDisk();
        _names.CopyTo(
            copy._names, onlyDurable: !keepsNames,
            (path, file) => new FaultFile(copy, path, [.. keepsUnsynced ? file.Content : file.Durable]));
        return copy;
    }

    /// <summary>How many creations, renames and deletions are not synced.</summary>
    public int PendingNames => _names.PendingCount;

    /// <summary>What is left after a power cut that kept the first of the names not synced; this disk is of no use then.</summary>
    /// <param name="keepsUnsynced">Whether what was written and not synced came through.</param>
    /// <param name="namesKept">How many of the creations, renames and deletions that were not synced did, in their order.</param>
    public FaultDisk AfterPowerCut(bool keepsUnsynced, int namesKept)
    {
        _names.CutPower(namesKept);
        return AfterPowerCut(keepsUnsynced, keepsNames: false);
    }

    /// <summary>What is left after a power cut that decides for each sector and each name; this disk is of no use then.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="sectorBytes">What is written whole or not at all.</param>
    /// <param name="loss">Which sectors are lost of those that were not synced, in each file.</param>
    public FaultDisk AfterPowerCut(Random random, int sectorBytes, SectorLoss loss)
    {
        _names.CutPower(loss == SectorLoss.All ? 0 : random.Next(PendingNames + 1));
        var copy = new FaultDisk();
        _names.CopyTo(
            copy._names, onlyDurable: true,
            (path, file) => new FaultFile(copy, path, file.AfterPowerCut(random, sectorBytes, loss)));
        return copy;
    }

    /// <summary>The process dies, the machine does not: what was written is there, synced or not.</summary>
    public void KillProcess()
    {
        _locks.Clear();
        FailFrom = int.MaxValue;
    }

    /// <summary>Whether two disks hold the same files with the same bytes.</summary>
    public bool HoldsTheSameAs(FaultDisk other)
    {
        SortedDictionary<string, FaultFile> others = other._names.Files();
        return Paths.SequenceEqual(others.Keys) && _names.Files().All(
            pair => others[pair.Key].Content.AsSpan().SequenceEqual(pair.Value.Content));
    }

    public ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode)
    {
        FaultFile? file = _names.Find(path);
        bool exists = file is not null;
        if (exists ? mode == DiskOpenMode.New : mode == DiskOpenMode.Existing)
        {
            throw new IOException($"{path}: it {(exists ? "exists" : "does not exist")}");
        }

        if (file is null)
        {
            Change(isSync: false);
            file = new FaultFile(this, path, []);
            _names.Change(_names.Creation(path, file));
        }

        return ValueTask.FromResult<IDiskFile>(new FaultHandle(path, file));
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => ValueTask.FromResult(_names.FileNames(directory));

    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) =>
        ValueTask.FromResult(_names.DirectoryNames(directory));

    public ValueTask CreateDirectoryAsync(string directory)
    {
        if (!_names.HasDirectory(directory))
        {
            Change(isSync: true);
            _names.CreateDirectory(directory);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask RenameAsync(string from, string to)
    {
        Change(isSync: false);
        _names.Change(_names.Renaming(from, to));
        return ValueTask.CompletedTask;
    }

    public ValueTask DeleteAsync(string path)
    {
        if (_names.Find(path) is not null)
        {
            Change(isSync: false);
            _names.Change(_names.Deletion(path));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask RenameDirectoryAsync(string from, string to) =>
        _names.HasDirectory(to) ? throw new IOException($"{to}: it exists") : RenameAsync(from, to);

    public async ValueTask DeleteDirectoryAsync(string directory)
    {
        foreach (string name in _names.FileNames(directory))
        {
            await DeleteAsync(Path.Combine(directory, name));
        }

        if (_names.HasDirectory(directory))
        {
            Change(isSync: false);
            _names.Change(_names.Deletion(directory));
        }
    }

    public ValueTask SyncDirectoryAsync(string directory)
    {
        Change(isSync: true);
        _names.Sync(directory);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IDisposable> LockAsync(string path) => _locks.Add(path)
        ? ValueTask.FromResult<IDisposable>(new HeldLock(() => _locks.Remove(path)))
        : throw new StoreLockedException($"{path} is held");

    internal void Change(bool isSync)
    {
        Changes++;
        if (Changes >= FailFrom && (isSync || !FailOnlySyncs))
        {
            throw new IOException($"Input/output error at change {Changes}");
        }
    }

    private sealed class HeldLock(Action release) : IDisposable
    {
        public void Dispose() => release();
    }
}
