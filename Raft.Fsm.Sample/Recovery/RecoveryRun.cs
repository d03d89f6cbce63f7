using System.Globalization;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>Recovers one server, by the library.</summary>
internal static class RecoveryRun
{
    /// <summary>Recovers it. Interrupted, it is as it was or recovered, and this can be done again.</summary>
    /// <param name="survivor">The server, as it was read.</param>
    /// <param name="members">The members from now on.</param>
    /// <returns>What was done, in a line.</returns>
    /// <exception cref="StoreException">It is not any more what was read, or cannot be recovered.</exception>
    public static async Task<string> RecoverAsync(Survivor survivor, ClusterConfiguration members)
    {
        await using NodeStores stores = await NodeStores.OpenAsync(survivor.Kind, survivor.Directory);
        StoredState now = await RaftNode.ReadStoredStateAsync(stores.Log, stores.Stable, stores.Snapshots);
        if ((now.LastTerm, now.LastIndex) != survivor.Last)
        {
            throw new StoreException($"{survivor.Directory} was changed since it was looked at; nothing was changed now, run the same again");
        }

        RecoveryReport report = await RaftNode.RecoverClusterAsync(
            new RaftConfig { LocalId = survivor.Id }, new KvFsm(), stores.Log, stores.Stable, stores.Snapshots, members, acceptsUncommitted: true);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"recovered {survivor.Name}: all up to entry {report.LastIndex} of term {report.LastTerm} is in the snapshot {report.SnapshotId}, "
            + $"{report.ForcedCount} entries were forced");
    }
}
