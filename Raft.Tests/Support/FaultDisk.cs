namespace Raft.Tests.Support;

/// <summary>
/// A disk in memory that knows what was synced: it fails where a test says so, and shows what a power cut would leave.
/// </summary>
internal sealed class FaultDisk : IDisk
{
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private SortedDictionary<string, FaultFile> _names = new(StringComparer.Ordinal);
    private SortedDictionary<string, FaultFile> _durableNames = new(StringComparer.Ordinal);

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
    public IReadOnlyList<string> Paths => [.. _names.Keys];

    /// <summary>The newest segment of a log.</summary>
    public string NewestSegment => _names.Keys.Last(path => path.EndsWith(".wal", StringComparison.Ordinal));

    /// <summary>A file's bytes, which the caller may change.</summary>
    public byte[] Content(string path) => _names[path].Edit();

    /// <summary>Cuts a file off.</summary>
    public void SetLength(string path, int length) => _names[path].SetLength(length);

    /// <summary>A copy without open files and locks, where all is synced that is written.</summary>
    public FaultDisk Clone()
    {
        var copy = new FaultDisk();
        foreach ((string path, FaultFile file) in _names)
        {
            copy._names[path] = new FaultFile(copy, path, file.Content);
        }

        copy._durableNames = new SortedDictionary<string, FaultFile>(copy._names, StringComparer.Ordinal);
        return copy;
    }

    /// <summary>What is left after a power cut.</summary>
    /// <param name="keepsUnsynced">Whether what was not synced came through all the same.</param>
    /// <param name="keepsNames">Whether creations, renames and deletions did.</param>
    public FaultDisk AfterPowerCut(bool keepsUnsynced, bool keepsNames)
    {
        var copy = new FaultDisk();
        foreach ((string path, FaultFile file) in keepsNames ? _names : _durableNames)
        {
            copy._names[path] = new FaultFile(copy, path, keepsUnsynced ? file.Content : file.Durable);
        }

        copy._durableNames = new SortedDictionary<string, FaultFile>(copy._names, StringComparer.Ordinal);
        return copy;
    }

    /// <summary>The process dies, the machine does not: what was written is there, synced or not.</summary>
    public void KillProcess()
    {
        _locks.Clear();
        FailFrom = int.MaxValue;
    }

    /// <summary>Whether two disks hold the same files with the same bytes.</summary>
    public bool HoldsTheSameAs(FaultDisk other) => _names.Count == other._names.Count && _names.All(
        pair => other._names.TryGetValue(pair.Key, out FaultFile? file) && file.Content.AsSpan().SequenceEqual(pair.Value.Content));

    public ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode)
    {
        bool exists = _names.TryGetValue(path, out FaultFile? file);
        if (exists ? mode == DiskOpenMode.New : mode == DiskOpenMode.Existing)
        {
            throw new IOException($"{path}: it {(exists ? "exists" : "does not exist")}");
        }

        if (file is null)
        {
            Change(isSync: false);
            file = new FaultFile(this, path, []);
            _names[path] = file;
        }

        return ValueTask.FromResult<IDiskFile>(file);
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => ValueTask.FromResult<IReadOnlyList<string>>(
        [.. _names.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path))]);

    public ValueTask CreateDirectoryAsync(string directory) => ValueTask.CompletedTask;

    public ValueTask RenameAsync(string from, string to)
    {
        Change(isSync: false);
        _names[to] = _names[from];
        _names.Remove(from);
        return ValueTask.CompletedTask;
    }

    public ValueTask DeleteAsync(string path)
    {
        if (_names.ContainsKey(path))
        {
            Change(isSync: false);
            _names.Remove(path);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) => throw new NotSupportedException();

    public ValueTask RenameDirectoryAsync(string from, string to) => throw new NotSupportedException();

    public ValueTask DeleteDirectoryAsync(string directory) => throw new NotSupportedException();

    public ValueTask SyncDirectoryAsync(string directory)
    {
        Change(isSync: true);
        _durableNames = new SortedDictionary<string, FaultFile>(_names, StringComparer.Ordinal);
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
