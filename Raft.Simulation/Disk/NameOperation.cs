using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Creates, renames or deletes a file or a directory.</summary>
/// <param name="change">What changes.</param>
/// <param name="gone">The path that goes; null for none.</param>
/// <param name="come">The path that comes; null for none.</param>
internal sealed class NameOperation(NameChange<SimInode> change, string? gone, string? come) : DiskOperation
{
    public override ulong Hash => Mix.Add(Mix.Of(gone ?? string.Empty), Mix.Of(come ?? string.Empty));

    public override void Happen(SimDisk disk)
    {
        // A full disk still has room for a name; the bytes behind it are what does not fit.
        if (disk.Faults.FailsWrites)
        {
            disk.Coverage.Hit(Happening.WriteFailed);
            throw new IOException($"{come ?? gone}: Input/output error");
        }

        disk.Names.Change(change);
        if (come?.EndsWith(".wal", StringComparison.Ordinal) == true)
        {
            disk.Coverage.Hit(Happening.SegmentRotated);
        }
    }
}
