using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Creates, renames or deletes.</summary>
internal sealed class NameOperation(NameChange change) : DiskOperation
{
    public override ulong Hash => Mix.Add(Mix.Of(change.Gone ?? string.Empty), Mix.Of(change.Come ?? string.Empty));

    public override void Happen(SimDisk disk)
    {
        // A full disk still has room for a name; the bytes behind it are what does not fit.
        if (disk.Faults.FailsWrites)
        {
            disk.Coverage.Hit(Happening.WriteFailed);
            throw new IOException($"{change.Come ?? change.Gone}: Input/output error");
        }

        disk.Change(change);
        if (change.Come?.EndsWith(".wal", StringComparison.Ordinal) == true)
        {
            disk.Coverage.Hit(Happening.SegmentRotated);
        }
    }
}
