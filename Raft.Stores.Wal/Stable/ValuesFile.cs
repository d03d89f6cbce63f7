using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Stable;

/// <summary>
/// The values beside the term and vote, in one small file that is replaced whole: after a crash there is the old file
/// or the new one.
/// </summary>
internal sealed class ValuesFile(string directory, IDisk disk)
{
    private readonly string _path = Path.Combine(directory, WalFiles.Values);
    private readonly string _newPath = Path.Combine(directory, WalFiles.ValuesNew);

    /// <summary>The file's path.</summary>
    public string FilePath => _path;

    /// <summary>What is in it.</summary>
    public StoredValues Values { get; private set; } = StoredValues.None;

    /// <summary>Reads the file, if it exists, and writes nothing.</summary>
    /// <exception cref="CorruptStoreException">It is not whole.</exception>
    public async ValueTask ScanAsync(bool exists)
    {
        if (!exists)
        {
            return;
        }

        IDiskFile file = await disk.OpenAsync(_path, DiskOpenMode.Existing);
        try
        {
            long length = await file.GetLengthAsync();
            byte[] bytes = new byte[Math.Min(length, StoredValues.BytesMax)];
            int read = await file.ReadAtAsync(0, bytes);
            Values = StoredValues.Decode(bytes.AsSpan(0, read), _path)
                ?? throw Damage.At(_path, 0, "the values beside the term and vote are not whole");
        }
        finally
        {
            await file.DisposeAsync();
        }
    }

    /// <summary>Removes what a crash left of a replacement. The file itself was synced before it got its name.</summary>
    public ValueTask RepairAsync() => disk.DeleteAsync(_newPath);

    /// <summary>Replaces the file.</summary>
    /// <param name="values">What is to be in it.</param>
    /// <param name="encoded">The same, encoded.</param>
    public async ValueTask ReplaceAsync(StoredValues values, byte[] encoded)
    {
        await disk.DeleteAsync(_newPath);
        IDiskFile file = await disk.OpenAsync(_newPath, DiskOpenMode.New);
        try
        {
            await file.WriteAndSyncAsync(0, encoded);
        }
        finally
        {
            await file.DisposeAsync();
        }

        await disk.RenameAsync(_newPath, _path);
        await disk.SyncDirectoryAsync(directory);
        Values = values;
    }
}
