using System.Text;

namespace Raft.Storage;

/// <summary>
/// Which snapshot a recovery puts in the place of everything else. It is noted before that snapshot is committed, and
/// taken back once the log is gone; so whoever starts in between knows that the log is over, whose configurations the
/// recovered members must never be sent.
/// </summary>
internal static class RecoveryMark
{
    /// <summary>Under which key it stands in the stable store.</summary>
    private static ReadOnlyMemory<byte> Key { get; } = "raft/recovery"u8.ToArray();

    /// <summary>Reads it.</summary>
    /// <returns>The snapshot's name, whether or not it came to be; empty where no recovery is under way.</returns>
    public static async ValueTask<string> LoadAsync(IStableStore store) =>
        await store.GetAsync(Key) is { } value ? Encoding.UTF8.GetString(value) : string.Empty;

    /// <summary>Notes it, durably.</summary>
    public static ValueTask SaveAsync(IStableStore store, string snapshotId) => store.SetAsync(Key, Encoding.UTF8.GetBytes(snapshotId));

    /// <summary>Takes it back, durably.</summary>
    public static ValueTask ClearAsync(IStableStore store) => SaveAsync(store, string.Empty);
}
