using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>One of the files of a database, whose first write or sync that fails is the last of the whole store.</summary>
internal sealed class FusedFile : IAsyncDisposable
{
    private const int ZerosBytes = 1 << 20;

    private static readonly byte[] Zeros = new byte[ZerosBytes];

    private readonly IBlockingDiskFile _file;
    private readonly WriteFuse _fuse;

    private FusedFile(IBlockingDiskFile file, WriteFuse fuse)
    {
        _file = file;
        _fuse = fuse;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _file.Path;

    /// <summary>Opens a file.</summary>
    /// <exception cref="StoreException">The disk's files know no blocking calls.</exception>
    public static async ValueTask<FusedFile> OpenAsync(IDisk disk, string path, DiskOpenMode mode, WriteFuse fuse)
    {
        IDiskFile file = await disk.OpenAsync(path, mode);
        if (file is IBlockingDiskFile blocking)
        {
            return new FusedFile(blocking, fuse);
        }

        await file.DisposeAsync();
        throw new StoreException(
            $"{path} was opened on a disk ({disk.GetType().Name}) whose files are no {nameof(IBlockingDiskFile)}; "
            + "LiteDB calls its files on its own thread, and needs such a disk.");
    }

    /// <summary>The file's length in bytes.</summary>
    public long GetLength() => _file.GetLength();

    /// <summary>Reads bytes: all of the buffer unless the file ends before.</summary>
    public int ReadAt(long offset, Span<byte> buffer) => _file.ReadAt(offset, buffer);

    /// <summary>Writes bytes; durable only after <see cref="Sync"/>.</summary>
    public void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        _fuse.Check();
        try
        {
            _file.WriteAt(offset, bytes);
        }
        catch (Exception failure)
        {
            throw _fuse.Blow(Path, failure);
        }
    }

    /// <summary>Writes zeros; durable only after <see cref="Sync"/>.</summary>
    public void WriteZeros(long offset, long length)
    {
        for (long done = 0; done < length; done += ZerosBytes)
        {
            WriteAt(offset + done, Zeros.AsSpan(0, (int)Math.Min(ZerosBytes, length - done)));
        }
    }

    /// <summary>Makes all that was written durable.</summary>
    public void Sync()
    {
        _fuse.Check();
        try
        {
            _file.SyncData();
        }
        catch (Exception failure)
        {
            throw _fuse.Blow(Path, failure);
        }
    }

    /// <summary>Throws if nothing may be written any more.</summary>
    public void RequireSound() => _fuse.Check();

    /// <summary>Refuses to be used in a way for which nothing here is made, and all that comes after.</summary>
    /// <param name="what">How, as a sentence without its full stop.</param>
    /// <returns>What to throw.</returns>
    public StoreException Refuse(string what) => _fuse.BlowByMisuse(Path, what);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
