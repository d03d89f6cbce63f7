using Raft.Fsm.Sample.Node;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stores;

/// <summary>A kind of store that lives on a disk, and what can be done with a node's directory that may hold one.</summary>
/// <param name="Name">One of <see cref="StoreNames"/>.</param>
/// <param name="ExistsAsync">Whether a directory holds one, whole or not.</param>
/// <param name="OpenAsync">Opens it, and makes it where there is none.</param>
/// <param name="DeleteAsync">Deletes it, durably.</param>
internal sealed record StoreKind(
    string Name,
    Func<string, IDisk, ValueTask<bool>> ExistsAsync,
    Func<string, IDisk, ValueTask<OpenStore>> OpenAsync,
    Func<string, IDisk, ValueTask> DeleteAsync)
{
    /// <summary>The write-ahead log.</summary>
    public static StoreKind Wal { get; } = new(
        StoreNames.Wal, WalStore.ExistsAsync,
        static async (directory, disk) =>
        {
            WalStore store = await WalStore.OpenAsync(directory, disk);
            return new OpenStore(store.Log, store.Stable, store);
        },
        WalStore.DeleteAsync);

    /// <summary>LiteDB.</summary>
    public static StoreKind LiteDb { get; } = new(
        StoreNames.LiteDb, LiteDbStore.ExistsAsync,
        static async (directory, disk) =>
        {
            LiteDbStore store = await LiteDbStore.OpenAsync(directory, disk);
            return new OpenStore(store.Log, store.Stable, store);
        },
        LiteDbStore.DeleteAsync);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StoreKind> All { get; } = [Wal, LiteDb];

    /// <summary>The kind of a name; null for a store that lives on no disk.</summary>
    public static StoreKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
