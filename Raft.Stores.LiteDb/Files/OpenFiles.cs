using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>The files of a database, open.</summary>
/// <param name="Data">LiteDB's data file.</param>
/// <param name="Frames">The log, in frames.</param>
/// <param name="Sums">The checksums of the data file's pages.</param>
internal sealed record OpenFiles(FusedFile Data, FusedFile Frames, FusedFile Sums) : IAsyncDisposable
{
    /// <summary>Opens all of them or none.</summary>
    public static async ValueTask<OpenFiles> OpenAsync(DatabasePlaces places, IDisk disk, DiskOpenMode mode, WriteFuse fuse)
    {
        var opened = new List<FusedFile>();
        try
        {
            foreach (string path in new[] { places.Data, places.Frames, places.Sums })
            {
                opened.Add(await FusedFile.OpenAsync(disk, path, mode, fuse));
            }
        }
        catch
        {
            foreach (FusedFile file in opened)
            {
                await file.DisposeAsync();
            }

            throw;
        }

        return new OpenFiles(opened[0], opened[1], opened[2]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Data.DisposeAsync();
        await Frames.DisposeAsync();
        await Sums.DisposeAsync();
    }
}
