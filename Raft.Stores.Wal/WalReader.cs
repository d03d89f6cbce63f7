using Raft.Stores.Wal.Reading;
using Raft.Stores.Wal.Recovery;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.Wal;

/// <summary>
/// What stands in the files of a <see cref="WalStore"/> that is not open, for whoever looks at it: also where the store would be
/// refused, as far as it can be read, and with what is wrong. No file of the store is written.
/// </summary>
/// <remarks>
/// Whoever opens it disposes it. Entries are read when they are asked for. Where the store's lock file is there, its lock is held until
/// then; a <see cref="ReadOnlyDisk"/> leaves that file as it is, too.
/// </remarks>
public sealed class WalReader : IAsyncDisposable
{
    private readonly WalRecovery _recovery;
    private readonly StableRecordFile _record;
    private readonly IDisposable? _lock;

    private WalReader(
        string directory, WalRecovery recovery, StableRecordFile record, ValuesFile values, IDisposable? directoryLock,
        IReadOnlyList<StoreException> damage)
    {
        _recovery = recovery;
        _record = record;
        _lock = directoryLock;
        Log = new ReadLog(directory, recovery.Segments, recovery.Position.CommitIndex);
        Stable = new ReadStable(directory, record.Record, values.Values);
        Segments =
        [
            .. recovery.Segments.All.Select(s => new WalSegment(s.Path, s.Index.FirstIndex, s.Index.LastIndex, s.End, s.Length)),
        ];
        Damage = damage;
    }

    /// <summary>
    /// The entries, up to <see cref="Damage"/>; also an <see cref="ICommitHint"/>. Read only. Where there is damage the log went on, and
    /// whatever is made of these entries must not be mistaken for all that this server had.
    /// </summary>
    public ILogStore Log { get; }

    /// <summary>Term and vote, and the values beside them; null and none where they cannot be read. Read only; an <see cref="IStableKeys"/>.</summary>
    public IStableStore Stable { get; }

    /// <summary>The files of the log, oldest first, up to <see cref="Damage"/>.</summary>
    public IReadOnlyList<WalSegment> Segments { get; }

    /// <summary>What a crash may have left behind the log's end; null where there is nothing.</summary>
    public WalTornTail? TornTail => Damage.Count == 0 ? _recovery.TornTail : null;

    /// <summary>
    /// Why the store would be refused, at most one reason for each of log, record and values; each names the file and the offset. Empty
    /// where it would be opened.
    /// </summary>
    public IReadOnlyList<StoreException> Damage { get; }

    /// <summary>Reads all files.</summary>
    /// <param name="directory">Where the store lives.</param>
    /// <param name="disk">The disk; by default the machine's own, by a <see cref="ReadOnlyDisk"/>.</param>
    /// <returns>What is there. Damage is told by <see cref="Damage"/>.</returns>
    /// <exception cref="StoreLockedException">A store is open there.</exception>
    /// <exception cref="StoreException">A file cannot be read.</exception>
    public static async ValueTask<WalReader> OpenAsync(string directory, IDisk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        disk ??= new ReadOnlyDisk();
        var recovery = new WalRecovery(directory, disk, WalMutation.None);
        var record = new StableRecordFile(directory, disk, static () => 0, WalMutation.None);
        var values = new ValuesFile(directory, disk);
        IDisposable? directoryLock = null;
        try
        {
            IReadOnlyList<string> names = await disk.ListAsync(directory);
            directoryLock = names.Contains(WalFiles.Lock) ? await disk.LockAsync(Path.Combine(directory, WalFiles.Lock)) : null;
            IReadOnlyList<StoreException> damage = await ScanAsync(names, recovery, record, values);
            return new WalReader(directory, recovery, record, values, directoryLock, damage);
        }
        catch (Exception failure)
        {
            await record.CloseAsync();
            await recovery.CloseAsync();
            directoryLock?.Dispose();
            throw failure is IOException or UnauthorizedAccessException
                ? new StoreException($"The store in {directory} cannot be read: {failure.Message}", failure) : failure;
        }
    }

    /// <summary>Closes the files.</summary>
    /// <returns>Completes when they are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _record.CloseAsync();
        await _recovery.CloseAsync();
        _lock?.Dispose();
    }

    /// <summary>What is thrown where something is to be written.</summary>
    internal static NotSupportedException ReadOnly(string directory) => new($"The store in {directory} was opened to be read; nothing is written.");

    private static async ValueTask<IReadOnlyList<StoreException>> ScanAsync(
        IReadOnlyList<string> names, WalRecovery recovery, StableRecordFile record, ValuesFile values)
    {
        bool hasLog = names.Any(name => WalFiles.IsSegment(name, out _));
        StoreException?[] found =
        [
            await RefusalAsync(() => record.ScanAsync(exists: names.Contains(WalFiles.Stable), isFresh: !hasLog)),
            await RefusalAsync(() => values.ScanAsync(exists: names.Contains(WalFiles.Values))),
            await RefusalAsync(() => recovery.ScanAsync(names)),
            record.Record is not null && !hasLog ? WalStore.LogMissing(record.FilePath) : null,
        ];
        recovery.KeepWholePart();
        return [.. found.OfType<StoreException>()];
    }

    private static async ValueTask<StoreException?> RefusalAsync(Func<ValueTask> scan)
    {
        try
        {
            await scan();
            return null;
        }
        catch (StoreException refused)
        {
            return refused;
        }
    }
}
