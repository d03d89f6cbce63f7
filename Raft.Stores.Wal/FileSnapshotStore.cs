using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Raft.Stores.Wal.Snapshots;

namespace Raft.Stores.Wal;

/// <summary>
/// Snapshots in directories of their own, in the layout of hashicorp/raft's FileSnapshotStore, so that a server can be
/// taken over from Go and given back. The format is in docs/formats.md.
/// </summary>
/// <remarks>
/// One process at a time uses a directory, and one store in it: there is no lock, since it usually lies in the directory
/// that a <see cref="WalStore"/> has locked. It has no task of its own and nothing to dispose. What it holds is read when
/// it is opened; what is put there by other hands later is seen at the next open.
/// </remarks>
public sealed class FileSnapshotStore : ISnapshotStore
{
    private readonly SnapshotFolder _folder;
    private readonly WalMutation _mutation;

    private FileSnapshotStore(SnapshotFolder folder, WalMutation mutation)
    {
        _folder = folder;
        _mutation = mutation;
    }

    /// <summary>
    /// Opens a store, and creates it where there is none. Snapshots that were never complete are removed; what is listed
    /// is durable on return.
    /// </summary>
    /// <param name="directory">Where <c>snapshots</c> lies; created where it is missing.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <param name="options">How snapshots are kept; by default the newest two.</param>
    /// <returns>The store.</returns>
    /// <exception cref="CorruptStoreException">The newest snapshot cannot be read.</exception>
    /// <exception cref="StoreException">The disk failed.</exception>
    public static ValueTask<FileSnapshotStore> OpenAsync(
        string directory, IDisk? disk = null, FileSnapshotOptions? options = null) =>
        OpenAsync(directory, disk, options, WalMutation.None);

    /// <summary>Opens a store with a bug planted in it.</summary>
    internal static async ValueTask<FileSnapshotStore> OpenAsync(
        string directory, IDisk? disk, FileSnapshotOptions? options, WalMutation mutation)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new FileSnapshotOptions();
        options.Validate();
        ILogger logger = (ILogger?)options.LoggerFactory?.CreateLogger<FileSnapshotStore>() ?? NullLogger.Instance;
        var folder = new SnapshotFolder(
            Path.Combine(directory, SnapshotFiles.Root), disk ?? new RealDisk(), options, logger);
        try
        {
            await new SnapshotRecovery(folder).RunAsync();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The snapshots in {folder.Root} cannot be opened: {failure.Message}", failure);
        }

        return new FileSnapshotStore(folder, mutation);
    }

    /// <inheritdoc/>
    public async ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        _folder.RequireSound();
        string id = _folder.Catalog.TakeId(point, _folder.Options.TimeProvider.GetUtcNow());
        return await FileSnapshotSink.BeginAsync(_folder, id, point, _mutation);
    }

    /// <summary>The complete snapshots, the newest first, as many as are kept.</summary>
    /// <returns>What is known of them. One whose description could not be read when the store was opened is left out.</returns>
    /// <exception cref="StoreException">
    /// A sync of the directory failed while a snapshot got its name: whether it is there is seen when the store is opened again.
    /// </exception>
    public ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync() => ValueTask.FromResult(_folder.List());

    /// <inheritdoc/>
    /// <remarks>Its size is compared here, its checksum as it is read: <see cref="CorruptStoreException"/> says what is wrong.</remarks>
    public async ValueTask<ISnapshotSource> OpenAsync(string id)
    {
        StoredSnapshot snapshot = _folder.Catalog.Find(id) ?? throw new StoreException(
            $"There is no snapshot {id} in {_folder.Root}: it was never complete, or newer ones took its place.");
        return await FileSnapshotSource.OpenAsync(_folder, snapshot);
    }
}
