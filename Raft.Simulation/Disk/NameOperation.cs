using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Creates, renames or deletes.</summary>
internal sealed class NameOperation(NameChange change) : DiskOperation
{
    public override ulong Hash => Mix.Add(Mix.Of(change.Gone ?? string.Empty), Mix.Of(change.Come ?? string.Empty));

    public override void Happen(SimDisk disk)
    {
        if (disk.Faults.FailsWrites || (disk.Faults.IsFull && change.Gone is null))
        {
            disk.Coverage.Hit(disk.Faults.IsFull ? Happening.DiskFull : Happening.WriteFailed);
            throw new IOException($"{change.Come ?? change.Gone}: {(disk.Faults.IsFull ? "No space left on device" : "Input/output error")}");
        }

        disk.Change(change);
        if (change.Come?.EndsWith(".wal", StringComparison.Ordinal) == true)
        {
            disk.Coverage.Hit(Happening.SegmentRotated);
        }
    }
}
