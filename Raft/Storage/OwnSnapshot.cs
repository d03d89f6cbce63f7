using System.Text;

namespace Raft.Storage;

/// <summary>
/// The newest snapshot that this server took of its own state machine. Only that one may be passed over at a start
/// (<see cref="RaftConfig.NoSnapshotRestoreOnStart"/>): one that came from a leader, or that a recovery made, is in the store
/// before the state machine has it, and may be there without the state machine ever having got it.
/// </summary>
internal static class OwnSnapshot
{
    /// <summary>Under which key it stands in the stable store.</summary>
    private static ReadOnlyMemory<byte> Key { get; } = "raft/own-snapshot"u8.ToArray();

    /// <summary>Reads its name.</summary>
    /// <returns>The name; empty where none was noted.</returns>
    public static async ValueTask<string> LoadAsync(IStableStore store) =>
        await store.GetAsync(Key) is { } value ? Encoding.UTF8.GetString(value) : string.Empty;

    /// <summary>Notes it, durably.</summary>
    public static ValueTask SaveAsync(IStableStore store, string snapshotId) => store.SetAsync(Key, Encoding.UTF8.GetBytes(snapshotId));
}
