using Raft.Simulation.Cluster;
using Raft.Simulation.Disk;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Faults;

/// <summary>Lets disks fail, fill up, stall and rot. Rot hits at most a minority of the voters: more cannot be survived.</summary>
internal sealed class DiskFaultsInjector(SimCluster cluster)
{
    private static readonly TimeSpan RotAfter = TimeSpan.FromSeconds(20);

    private readonly SimKernel _kernel = cluster.Kernel;

    /// <summary>Begins a fault.</summary>
    public void Inject(FaultKind kind, SimServer server)
    {
        DiskFaults faults = server.Disk.Faults;
        switch (kind)
        {
            case FaultKind.DiskError when _kernel.Random.Chance(0.5):
                server.NoteDiskFault();
                faults.FailsWrites = true;
                Later(() => faults.FailsWrites = false);
                break;
            case FaultKind.DiskError:
                server.NoteDiskFault();
                faults.FailsSyncs = true;
                Later(() => faults.FailsSyncs = false);
                break;
            case FaultKind.DiskFull:
                server.NoteDiskFault();
                faults.IsFull = true;
                Later(() => faults.IsFull = false);
                break;
            case FaultKind.DiskStall:
                server.Disk.Stall(TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.02, 8)));
                break;
            default:
                Rot(server);
                break;
        }
    }

    private void Later(Action end) =>
        _kernel.After(null, TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.02, 3)), end);

    private void Rot(SimServer server)
    {
        if (!MayRot(server))
        {
            return;
        }

        KeyValuePair<string, SimInode>[] segments =
            [.. server.Disk.Files.Where(file => file.Key.EndsWith(".wal", StringComparison.Ordinal))];
        if (segments.Length == 0)
        {
            return;
        }

        // Of the newest file only what was synced before the last group: that one may be torn by rights.
        int chosen = _kernel.Random.Next(segments.Length);
        SimInode inode = segments[chosen].Value;
        int end = chosen == segments.Length - 1 ? inode.LastGroupOffset : inode.DurableUsedBytes;
        if (end > 0)
        {
            int at = _kernel.Random.Next(end);
            _kernel.Log?.Invoke(_kernel.Now, $"{server.Id}: a bit of {segments[chosen].Key} goes bad at {at}");
            server.HasRot = true;
            server.Coverage.Hit(Happening.BitRot);
            inode.FlipBit(at, _kernel.Random.Next(8));
        }
    }

    // Not at once: a server that refuses is gone for the rest of the run.
    private bool MayRot(SimServer server) => cluster.Ledger.CommitIndex > 0 && _kernel.Now > RotAfter
        && (server.HasRot || !cluster.Configuration.IsVoter(server.Id) || cluster.MayLose(server));
}
