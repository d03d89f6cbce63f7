using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Reads; only takes its time.</summary>
internal sealed class ReadOperation(string path, long offset) : DiskOperation
{
    public override bool IsChange => false;

    public override ulong Hash => Mix.Add(Mix.Of(path), (ulong)offset);

    public override void Happen(SimDisk disk)
    {
    }
}
