using Raft.Loop;
using Raft.Mutations;
using Raft.Storage;
using Raft.Timing;

namespace Raft;

/// <content>What is done to the stores of a server that does not run.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Reads which configuration a server that does not run would go by if it were started. Changes nothing.
    /// </summary>
    /// <param name="logStore">Its log, open.</param>
    /// <param name="stableStore">Its term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots.</param>
    /// <returns>The configuration of its newest entry that holds one, or of its newest snapshot; empty, of index 0, where there is neither.</returns>
    /// <exception cref="StoreException">What the stores hold cannot be used, for a start neither.</exception>
    public static Task<IndexedConfiguration> ReadConfigurationAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore)
    {
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(snapshotStore);
        return OneTask.Run(RaftRuntime.Production().LoopScheduler, async () =>
        {
            // Whether the newest snapshot can still be read makes no difference: where a start goes back to an older one,
            // the log leads from there to the same configuration.
            IReadOnlyList<SnapshotMeta> kept = await snapshotStore.ListAsync();
            SnapshotMeta? newest = kept.Count == 0 ? null : kept[0];
            RecoveredLog recovered = await RecoveredLog.ReadAsync(
                logStore, stableStore, newest, newest?.Index ?? 0, Mutation.None);
            return recovered.Configuration;
        });
    }
}
