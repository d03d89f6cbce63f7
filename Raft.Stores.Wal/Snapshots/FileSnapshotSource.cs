using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>A snapshot that is read from its file through one buffer, once. Owned by whoever opened it.</summary>
/// <remarks>What it gave out counts only once it has reported the end: the checksum covers all of it.</remarks>
internal sealed class FileSnapshotSource : ISnapshotSource
{
    private readonly StoredSnapshot _snapshot;
    private readonly IDiskFile _file;
    private readonly byte[] _buffer;
    private ReadOnlyMemory<byte> _ready;
    private long _read;
    private ulong _crc;

    private FileSnapshotSource(StoredSnapshot snapshot, IDiskFile file, int bufferBytes)
    {
        _snapshot = snapshot;
        _file = file;
        _buffer = new byte[(int)Math.Min(bufferBytes, Math.Max(1, snapshot.Meta.Size))];
    }

    /// <inheritdoc/>
    public SnapshotMeta Meta => _snapshot.Meta;

    /// <summary>Opens a snapshot.</summary>
    /// <exception cref="StoreException">It is gone meanwhile, or cannot be read.</exception>
    /// <exception cref="CorruptStoreException">It has another size than it should.</exception>
    public static async ValueTask<FileSnapshotSource> OpenAsync(SnapshotFolder folder, StoredSnapshot snapshot)
    {
        string path = Path.Combine(folder.PathOf(snapshot.Meta.Id), SnapshotFiles.State);
        IDiskFile? file = null;
        try
        {
            file = await folder.Disk.OpenAsync(path, DiskOpenMode.Existing);
            long length = await file.GetLengthAsync();
            return length == snapshot.Meta.Size
                ? new FileSnapshotSource(snapshot, file, folder.Options.BufferBytes)
                : throw Damage(path, $"it has {length} bytes and should have {snapshot.Meta.Size}");
        }
        catch (Exception failure)
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }

            if (failure is IOException or UnauthorizedAccessException)
            {
                throw new StoreException($"The snapshot {path} cannot be opened: {failure.Message}", failure);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (_ready.IsEmpty)
        {
            await RefillAsync();
        }

        int count = Math.Min(buffer.Length, _ready.Length);
        _ready.Span[..count].CopyTo(buffer.Span);
        _ready = _ready[count..];
        return count;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private async ValueTask RefillAsync()
    {
        int wanted = (int)Math.Min(_buffer.Length, Meta.Size - _read);
        if (wanted == 0)
        {
            // A checksum of the first bytes only is none: it is looked at here, where all were read.
            if (_crc != _snapshot.Crc)
            {
                throw Damage(_file.Path, $"its checksum is {_crc:x16} and should be {_snapshot.Crc:x16}");
            }

            return;
        }

        int count;
        try
        {
            count = await _file.ReadAtAsync(_read, _buffer.AsMemory(0, wanted));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The snapshot {_file.Path} cannot be read: {failure.Message}", failure);
        }

        if (count < wanted)
        {
            throw Damage(_file.Path, $"it ends at {_read + count} and should have {Meta.Size} bytes");
        }

        _crc = Crc64.Of(_crc, _buffer.AsSpan(0, count));
        _read += count;
        _ready = _buffer.AsMemory(0, count);
    }

    private static CorruptStoreException Damage(string path, string what) =>
        new($"{path} is damaged: {what}. Nothing of it may be used; an older snapshot, or another server, may have what it held.");
}
