using Microsoft.Extensions.Logging;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>The directory of a <see cref="FileSnapshotStore"/>: how snapshots come to stand in it and go again.</summary>
/// <param name="root">The directory.</param>
/// <param name="disk">Where it is.</param>
/// <param name="options">How many snapshots are kept.</param>
/// <param name="logger">Where is told what could not be deleted.</param>
internal sealed class SnapshotFolder(string root, IDisk disk, FileSnapshotOptions options, ILogger logger)
{
    // Once a sync of the directory has failed, nobody knows which names the disk has: no snapshot is committed then.
    private readonly WriteFuse _fuse = new();

    // Where that sync was to make a new snapshot's name durable: it may be there after the next open, or not.
    private volatile StoreException? _inDoubt;

    /// <summary>Which snapshots are there, as far as is known.</summary>
    public SnapshotCatalog Catalog { get; } = new(options.Retain);

    /// <summary>Where it is.</summary>
    public string Root => root;

    public IDisk Disk => disk;

    public FileSnapshotOptions Options => options;

    public ILogger Logger => logger;

    /// <summary>A complete snapshot's directory.</summary>
    public string PathOf(string id) => Path.Combine(root, id);

    /// <summary>The directory of one that is not complete, or not any more.</summary>
    public string UnfinishedPathOf(string id) => Path.Combine(root, SnapshotFiles.UnfinishedOf(id));

    /// <summary>Throws if nothing can be committed any more.</summary>
    public void RequireSound() => _fuse.Check();

    /// <summary>Which snapshots are there, the newest first.</summary>
    /// <exception cref="StoreException">Whether there is another one, whose commit failed, is not known.</exception>
    public IReadOnlyList<SnapshotMeta> List() => _inDoubt is not { } failure
        ? Catalog.List()
        : throw new StoreException(
            $"Which snapshots {root} holds is not known until it is opened again, since a commit failed: {failure.Message}", failure);

    /// <summary>Gives an unfinished snapshot, all of which is durable, its name; then deletes those that are not kept.</summary>
    /// <exception cref="StoreException">Whether it has its name is not known.</exception>
    public async ValueTask PublishAsync(StoredSnapshot snapshot)
    {
        string id = snapshot.Meta.Id;
        _fuse.Check();
        await disk.RenameDirectoryAsync(UnfinishedPathOf(id), PathOf(id));
        try
        {
            await SyncAsync();
        }
        catch (StoreException failure)
        {
            _inDoubt = failure;
            throw;
        }

        Catalog.Add(snapshot);
        await ReapAsync();
    }

    /// <summary>Removes what is left of an unfinished snapshot. What fails is logged; the next open tries again.</summary>
    public async ValueTask DiscardAsync(string id)
    {
        try
        {
            await disk.DeleteDirectoryAsync(UnfinishedPathOf(id));
            Catalog.Free(id);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.SnapshotNotRemoved(UnfinishedPathOf(id), failure.Message);
        }
    }

    private async ValueTask ReapAsync()
    {
        while (Catalog.TakeExcess() is { } excess)
        {
            string id = excess.Meta.Id;
            try
            {
                // By its name a snapshot is whole. So it loses that first, durably: a crash in the middle of the
                // deletion leaves something unfinished.
                await disk.RenameDirectoryAsync(PathOf(id), UnfinishedPathOf(id));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // As on Windows, where it cannot be renamed while it is read: the next commit tries again.
                logger.SnapshotNotRemoved(PathOf(id), failure.Message);
                Catalog.Add(excess);
                return;
            }

            if (!await TrySyncAsync(id))
            {
                return;
            }

            await DiscardAsync(id);
        }
    }

    private async ValueTask<bool> TrySyncAsync(string reaped)
    {
        try
        {
            await SyncAsync();
            return true;
        }
        catch (StoreException failure)
        {
            // The commit before is durable, and stays true; the next one will find the fuse blown.
            logger.SnapshotNotRemoved(PathOf(reaped), failure.Message);
            return false;
        }
    }

    private async ValueTask SyncAsync()
    {
        try
        {
            await disk.SyncDirectoryAsync(root);
        }
        catch (Exception failure)
        {
            // Whatever it was: which names are on disk is no longer known.
            throw _fuse.Blow(root, failure);
        }
    }
}
