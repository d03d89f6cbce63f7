using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Makes the names in a directory durable, and not those below it.</summary>
internal sealed class SyncNamesOperation(string directory) : DiskOperation
{
    public override ulong Hash => Mix.Add(Mix.Of(directory), 2);

    public override void Happen(SimDisk disk)
    {
        if (disk.Faults.FailsSyncs || disk.Faults.FailsWrites)
        {
            disk.Coverage.Hit(Happening.SyncFailed);
            throw new IOException($"{directory}: Input/output error");
        }

        disk.Names.Sync(directory);
    }
}
