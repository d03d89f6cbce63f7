using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Writes bytes, or zeros, into the page cache.</summary>
internal sealed class WriteOperation(string path, SimInode inode, long offset, ReadOnlyMemory<byte> bytes, long zeros) : DiskOperation
{
    /// <summary>ENOSPC, as the system's own exceptions carry it.</summary>
    private const int NoSpace = 28;

    public override ulong Hash => Mix.Add(Mix.Add(Mix.Of(path), (ulong)offset), zeros > 0 ? (ulong)zeros : Mix.Of(bytes.Span));

    public override void Happen(SimDisk disk)
    {
        if (disk.Faults.FailsWrites)
        {
            HappenInPart(disk.Kernel.Random);
            disk.Coverage.Hit(Happening.WriteFailed);
            throw new IOException($"{path}: Input/output error");
        }

        if (disk.Faults.IsFull && offset + Length > inode.Length)
        {
            HappenInPart(disk.Kernel.Random);
            disk.Coverage.Hit(Happening.DiskFull);
            throw new IOException($"{path}: No space left on device", NoSpace);
        }

        Write(Length);
    }

    protected override void HappenInPart(SimRandom random)
    {
        switch (random.Next(3))
        {
            case 0:
                break;
            case 1:
                Write(Length);
                break;
            default:
                Write(random.Between(0, Length));
                break;
        }
    }

    private long Length => zeros > 0 ? zeros : bytes.Length;

    private void Write(long length)
    {
        if (zeros > 0)
        {
            inode.WriteZeros(offset, length);
        }
        else
        {
            inode.Write(offset, bytes.Span[..(int)length]);
        }
    }
}
