using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stopped;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Repair;

/// <summary>What stands in the directory of a node that is to be repaired. Changes nothing.</summary>
/// <param name="State">What it is like.</param>
/// <param name="Damage">What is damaged, a line each.</param>
/// <param name="WasSetAside">Whether data of it were set aside at some time, as by a repair that was interrupted.</param>
internal sealed record RepairGround(RepairState State, IReadOnlyList<string> Damage, bool WasSetAside)
{
    /// <summary>Reads all of it.</summary>
    /// <param name="directory">The directory, by its real path.</param>
    /// <exception cref="StoreException">A node runs there, or something else must be finished first.</exception>
    public static async Task<RepairGround> ReadAsync(string directory)
    {
        var disk = new ReadOnlyDisk();
        bool wasSetAside = await SetAside.IsThereAsync(directory, disk);
        IReadOnlyList<string> damage;
        if (await HoldsStoreAsync(directory, disk))
        {
            await using StoppedNode node = await StoppedNode.OpenAsync(directory);
            if (node.Kind == StoreNames.Go)
            {
                throw new StoreException($"{directory} holds the data of a Go node; repair that with its own tools, or import it: raftkv import --from-go {directory}");
            }

            damage = await LogVerification.DamageOfAsync(node);
        }
        else if ((await disk.ListDirectoriesAsync(Path.Combine(directory, GoSnapshots.Folder))).Count > 0)
        {
            using IDisposable hold = await DataDirectory.HoldUnchangedAsync(directory, disk);
            damage = [$"{directory} holds snapshots, and no log and no term"];
        }
        else
        {
            return new RepairGround(RepairState.Blank, [], wasSetAside);
        }

        return new RepairGround(damage.Count == 0 ? RepairState.Whole : RepairState.Damaged, damage, wasSetAside);
    }

    private static async Task<bool> HoldsStoreAsync(string directory, ReadOnlyDisk disk) =>
        (await DataDirectory.HeldAsync(directory, StoreKind.All, disk)).Length > 0
        || (await disk.ListAsync(directory)).Contains(DataDirectory.GoDatabase)
        || await Conversion.ConversionMarker.ReadAsync(directory, disk) is not null;
}
