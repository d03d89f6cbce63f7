using Raft.Stores.Bolt.Reading;

namespace Raft.Stores.Bolt;

/// <summary>
/// The file in which a Go node keeps log, term and vote (hashicorp's raft-boltdb), for whoever takes over a node that was
/// stopped. It is read from end to end when it is opened and refused where anything is not as Bolt leaves it; it is never
/// written. What can be seen of damage and what not stands in docs/formats.md.
/// </summary>
/// <remarks>Whoever opens it disposes it. All of its entries are read from the file when they are asked for.</remarks>
public sealed class BoltStore : IAsyncDisposable
{
    private readonly IBoltSource _source;

    private BoltStore(IBoltSource source, BoltFile file)
    {
        _source = source;
        Log = new BoltLogStore(file);
        Stable = new BoltStableStore(file);
        Gap = file.Log.Gap;
        IsFreelistOnDisk = file.IsFreelistOnDisk;
    }

    /// <summary>The entries. Where some are missing in between (<see cref="Gap"/>), those behind the last gap. Read only.</summary>
    public ILogStore Log { get; }

    /// <summary>
    /// The term and vote, and whatever stands beside them. A Go node knows the candidate that it voted for by address alone, so
    /// the record names no id. Read only; an <see cref="IStableKeys"/>.
    /// </summary>
    public IStableStore Stable { get; }

    /// <summary>
    /// The last entries that are missing between others; null where none are. <see cref="Log"/> is whole only with a snapshot
    /// that covers all of them.
    /// </summary>
    public LogGap? Gap { get; }

    /// <summary>
    /// Whether the list of free pages stands in the file. Where it does not (<c>NoFreelistSync</c>), pages that nothing leads to
    /// any more cannot be told from free ones.
    /// </summary>
    public bool IsFreelistOnDisk { get; }

    /// <summary>Opens a file, and locks it as a Go node would until the store is disposed.</summary>
    /// <param name="path">The file, which exists.</param>
    /// <returns>The store.</returns>
    /// <exception cref="StoreLockedException">Another process has it open, such as a Go node that runs.</exception>
    /// <exception cref="CorruptStoreException">It is damaged, or no file of raft-boltdb; the message names page and reason.</exception>
    /// <exception cref="StoreException">It is of another version, or cannot be read.</exception>
    public static async ValueTask<BoltStore> OpenAsync(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return await OpenAsync(new DiskFileSource(LockedFile.OpenForReading(path)));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, failure);
        }
    }

    /// <summary>
    /// Opens a file for reading and writing and locks it as a Go node would, for whoever takes the node over and has to see to it
    /// that no Go node goes on with it: also none that waits for the lock, which has the file open already.
    /// </summary>
    /// <param name="path">The file, which exists.</param>
    /// <returns>The file, owned by the caller; locked until it is disposed, by the store that is opened with it or otherwise.</returns>
    /// <exception cref="StoreLockedException">Another process has it open, such as a Go node that runs.</exception>
    /// <exception cref="StoreException">It cannot be opened or locked.</exception>
    public static ValueTask<IDiskFile> LockAsync(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return ValueTask.FromResult<IDiskFile>(LockedFile.Open(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, failure);
        }
    }

    /// <summary>Opens a file that the caller has opened, and that nobody writes as long as the store is used.</summary>
    /// <param name="file">The file. The store disposes it, also if it is refused.</param>
    /// <returns>The store.</returns>
    /// <exception cref="CorruptStoreException">It is damaged, or no file of raft-boltdb; the message names page and reason.</exception>
    /// <exception cref="StoreException">It is of another version, or cannot be read.</exception>
    public static async ValueTask<BoltStore> OpenAsync(IDiskFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return await OpenAsync(new DiskFileSource(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file.Path, failure);
        }
    }

    /// <summary>Closes the file, and lets others use it again.</summary>
    /// <returns>Completes when it is closed.</returns>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Opens a source, which is disposed if it is refused.</summary>
    internal static async ValueTask<BoltStore> OpenAsync(IBoltSource source)
    {
        try
        {
            return new BoltStore(source, await BoltFile.ReadAsync(source));
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a write is answered with.</summary>
    internal static StoreException ReadOnly(BoltFile file) =>
        new($"{file.ConfPlace.File} belongs to a Go node and is only read; import it into a store of this library.");

    private static StoreException Unreadable(string path, Exception failure) =>
        new($"{path} cannot be read: {failure.Message} Nothing was changed.", failure);
}
