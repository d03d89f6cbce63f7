using Raft.Simulation.Invariants;
using Raft.Stores.Wal;

namespace Raft.Simulation.Cluster;

/// <summary>Holds what a server's stores show when they are opened to what they must hold.</summary>
internal static class Reopening
{
    /// <summary>Reads everything and compares it.</summary>
    /// <param name="store">The log, term and vote, open.</param>
    /// <param name="snapshots">The snapshots that are shown.</param>
    /// <param name="machine">Whose they are.</param>
    /// <param name="ledger">What must be there.</param>
    public static async Task CheckAsync(
        WalStore store, IReadOnlyList<SnapshotMeta> snapshots, int machine, ClusterLedger ledger)
    {
        var marks = new EntryList();
        for (ulong next = store.Log.FirstIndex; next != 0 && next <= store.Log.LastIndex;)
        {
            LogBatch batch = await store.Log.ReadAsync(next, store.Log.LastIndex, int.MaxValue);
            for (int i = 0; i < batch.Count; i++)
            {
                marks.Add(batch[i].Index, EntryMark.Of(batch[i]));
            }

            next = batch.LastIndex + 1;
        }

        TermAndVote? record = await store.Stable.LoadAsync();
        if (ledger.Stores[machine].Reopened(marks, record, snapshots) is { } wrong)
        {
            ledger.Violated(Rule.SyncedData, $"{ClusterLedger.NameOf(machine)} after reopening: {wrong}");
        }

        if (record is not null)
        {
            ledger.Voted(machine, record);
        }
    }
}
