using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>
/// A snapshot on its way to a <see cref="SnapshotFolder"/>: through one buffer to its file, in a directory that has no
/// snapshot's name until all in it is durable. Owned by whoever takes the snapshot.
/// </summary>
internal sealed class FileSnapshotSink : ISnapshotSink
{
    private readonly SnapshotFolder _folder;
    private readonly SnapshotPoint _point;
    private readonly WalMutation _mutation;
    // Small at first: many a state is.
    private byte[] _buffer = [];
    private IDiskFile? _meta;
    private IDiskFile? _state;
    private int _buffered;
    private long _written;
    private ulong _crc;
    private StoreException? _failure;
    private bool _isCommitted;
    private bool _isDisposed;

    private FileSnapshotSink(SnapshotFolder folder, string id, SnapshotPoint point, WalMutation mutation)
    {
        _folder = folder;
        Id = id;
        _point = point;
        _mutation = mutation;
    }

    /// <inheritdoc/>
    public string Id { get; }

    private string Directory => _folder.UnfinishedPathOf(Id);

    /// <summary>Begins a snapshot.</summary>
    /// <exception cref="StoreException">It cannot be begun; nothing is left of it.</exception>
    public static async ValueTask<FileSnapshotSink> BeginAsync(
        SnapshotFolder folder, string id, SnapshotPoint point, WalMutation mutation)
    {
        var sink = new FileSnapshotSink(folder, id, point, mutation);
        try
        {
            await sink.BeginAsync();
            return sink;
        }
        catch (Exception failure)
        {
            await sink.DisposeAsync();
            throw sink.Fail(failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        RequireUsable();
        while (!bytes.IsEmpty)
        {
            if (_buffered == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Clamp(_buffered * 2, FileSnapshotOptions.BufferBytesMin, _folder.Options.BufferBytes));
            }

            int count = Math.Min(bytes.Length, _buffer.Length - _buffered);
            bytes.Span[..count].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += count;
            bytes = bytes[count..];
            if (_buffered == _folder.Options.BufferBytes)
            {
                await FlushAsync();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SnapshotMeta> CommitAsync()
    {
        RequireUsable();
        await FlushAsync();
        try
        {
            // A snapshot's name says that all of it is durable, the names of its files included (design: sync, then rename).
            if (_mutation != WalMutation.SnapshotVisibleBeforeDurable)
            {
                await _state!.SyncDataAsync();
            }

            var snapshot = new StoredSnapshot(new SnapshotMeta(Id, _point, _written), _crc);
            await _meta!.WriteAndSyncAsync(0, SnapshotMetaEncoding.Encode(snapshot.Meta, _crc));
            await CloseAsync();
            await _folder.Disk.SyncDirectoryAsync(Directory);
            await _folder.PublishAsync(snapshot);
            _isCommitted = true;
            return snapshot.Meta;
        }
        catch (Exception failure)
        {
            // Whatever it was: what stands on disk is no longer known, and no second try would find out.
            throw Fail(failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await CloseAsync();
            if (!_isCommitted)
            {
                await _folder.DiscardAsync(Id);
            }
        }
    }

    private async ValueTask BeginAsync()
    {
        await _folder.Disk.CreateDirectoryAsync(Directory);
        _meta = await _folder.Disk.OpenAsync(Path.Combine(Directory, SnapshotFiles.Meta), DiskOpenMode.New);

        // Not synced: it tells a human what is being written here, and the complete one, which is longer, goes over it.
        await _meta.WriteAtAsync(0, SnapshotMetaEncoding.Encode(new SnapshotMeta(Id, _point, Size: 0), crc: null));
        _state = await _folder.Disk.OpenAsync(Path.Combine(Directory, SnapshotFiles.State), DiskOpenMode.New);
    }

    private async ValueTask FlushAsync()
    {
        if (_buffered == 0)
        {
            return;
        }

        try
        {
            _crc = Crc64.Of(_crc, _buffer.AsSpan(0, _buffered));
            await _state!.WriteAtAsync(_written, _buffer.AsMemory(0, _buffered));
            _written += _buffered;
            _buffered = 0;
        }
        catch (Exception failure)
        {
            // Whatever it was: what stands on disk is no longer known.
            throw Fail(failure);
        }
    }

    // Windows renames no directory in which a file is open.
    private async ValueTask CloseAsync()
    {
        await CloseAsync(_state);
        _state = null;
        await CloseAsync(_meta);
        _meta = null;
    }

    private static ValueTask CloseAsync(IDiskFile? file) => file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private StoreException Fail(Exception failure)
    {
        _failure = failure as StoreException
            ?? new StoreException($"The snapshot in {Directory} cannot be written: {failure.Message}", failure);
        return _failure;
    }

    private void RequireUsable()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_failure is not null)
        {
            throw new StoreException($"{_failure.Message} Nothing is written to it since.", _failure);
        }

        if (_isCommitted)
        {
            throw new InvalidOperationException($"The snapshot {Id} was committed already.");
        }
    }
}
