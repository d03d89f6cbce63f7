using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stopped;

/// <summary>
/// The data of a node that does not run, open to be looked at: nothing of them is changed, and no node starts on them until this is
/// disposed. What cannot be read is told, and what can be is there.
/// </summary>
internal sealed class StoppedNode : IAsyncDisposable
{
    private readonly OpenStore _store;
    private readonly IDisposable _hold;

    private StoppedNode(string directory, string kind, OpenStore store, StoppedSnapshots snapshots, IReadOnlyList<string> damage, IDisposable hold)
    {
        Directory = directory;
        Kind = kind;
        _store = store;
        Snapshots = snapshots;
        Damage = [.. damage, .. snapshots.Damage];
        _hold = hold;
    }

    /// <summary>Its directory, as it was named.</summary>
    public string Directory { get; }

    /// <summary>The name of its store.</summary>
    public string Kind { get; }

    /// <summary>Its entries; where they are damaged, those before the damage, or none.</summary>
    public ILogStore Log => _store.Log;

    /// <summary>Its term and vote.</summary>
    public IStableStore Stable => _store.Stable;

    /// <summary>Its snapshots.</summary>
    public StoppedSnapshots Snapshots { get; }

    /// <summary>The files of its log; null where it is no write-ahead log.</summary>
    public WalReader? Wal => _store.Owner as WalReader;

    /// <summary>Why a node would be refused, as far as opening its data shows that; each line names the file.</summary>
    public IReadOnlyList<string> Damage { get; }

    /// <summary>Up to where the log knows the entries to be committed; more may be.</summary>
    public ulong KnownCommitIndex => Math.Max(
        Log is ICommitHint hint ? hint.KnownCommitIndex : 0, Snapshots.Kept is [var newest, ..] ? newest.Index : 0);

    /// <summary>Opens the data of a node.</summary>
    /// <param name="directory">Its data directory.</param>
    /// <exception cref="UsageException">It holds no store.</exception>
    /// <exception cref="StoreException">A node runs there, it holds several stores, or it cannot be read.</exception>
    public static async Task<StoppedNode> OpenAsync(string directory)
    {
        var disk = new ReadOnlyDisk();
        IDisposable hold = await DataDirectory.HoldUnchangedAsync(directory, disk);
        try
        {
            string kind = await KindAsync(directory, disk);
            StoppedSnapshots snapshots = await StoppedSnapshots.ReadAsync(directory, disk);
            (OpenStore store, IReadOnlyList<string> damage) = await StoppedStore.OpenAsync(kind, directory, disk);
            return new StoppedNode(directory, kind, store, snapshots, damage, hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>What it would begin with if it were started.</summary>
    /// <exception cref="StoreException">It would be refused.</exception>
    public async Task<StoredState> StateAsync()
    {
        try
        {
            return await RaftNode.ReadStoredStateAsync(Log, Stable, Snapshots.Store ?? (ISnapshotStore)new InMemorySnapshotStore());
        }
        catch (FormatException wrong)
        {
            throw new CorruptStoreException($"a configuration in the log of {Directory} cannot be decoded: {wrong.Message}", wrong);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _hold.Dispose();
    }

    private static async Task<string> KindAsync(string directory, ReadOnlyDisk disk)
    {
        try
        {
            await DataDirectory.RequireConvertedAsync(directory, disk);
            List<string> held = [.. await DataDirectory.HeldAsync(directory, StoreKind.All, disk)];
            if ((await disk.ListAsync(directory)).Contains(DataDirectory.GoDatabase) && !await GoStub.IsThereAsync(directory, disk))
            {
                held.Add(StoreNames.Go);
            }

            return held switch
            {
                [var kind] => kind,
                [] => throw new UsageException($"raftkv: {directory} holds no store; give the data directory of a node"),
                _ => throw new StoreException(DataDirectory.BothText(held)),
            };
        }
        catch (StoreException refused)
        {
            throw new StoreException($"{directory}: {refused.Message}", refused);
        }
    }
}
