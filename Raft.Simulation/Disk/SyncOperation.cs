using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Makes a file's content durable.</summary>
internal sealed class SyncOperation(string path, SimInode inode, long groupOffset) : DiskOperation
{
    public override ulong Hash => Mix.Add(Mix.Of(path), 1);

    public override void Happen(SimDisk disk)
    {
        if (disk.Faults.FailsSyncs || disk.Faults.FailsWrites)
        {
            disk.Coverage.Hit(Happening.SyncFailed);
            inode.FailSync(disk.Kernel.Random, disk.Conditions.AtomicBytes);
            throw new IOException($"{path}: Input/output error");
        }

        inode.Sync();
        if (groupOffset >= 0)
        {
            inode.NoteGroup(groupOffset);
        }
    }
}
