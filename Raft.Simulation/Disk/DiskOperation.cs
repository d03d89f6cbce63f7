using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>Something that a process asked of its disk and that takes time.</summary>
internal abstract class DiskOperation
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it has happened, or fails as the disk did.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether it changes what is written or what is durable.</summary>
    public virtual bool IsChange => true;

    /// <summary>Whether the process died before it happened.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>For the trace.</summary>
    public abstract ulong Hash { get; }

    /// <summary>Happens.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract void Happen(SimDisk disk);

    /// <summary>Happens in part, or wholly, or not: the process died meanwhile.</summary>
    protected virtual void HappenInPart(SimRandom random)
    {
    }

    /// <summary>Happens, and the process is told.</summary>
    public void Complete(SimDisk disk)
    {
        try
        {
            Happen(disk);
        }
        catch (IOException failure)
        {
            _completion.SetException(failure);
            return;
        }

        _completion.SetResult();
    }

    /// <summary>Happens, and the process dies before it is told.</summary>
    public void HappenUntold(SimDisk disk)
    {
        IsAbandoned = true;
        try
        {
            Happen(disk);
        }
        catch (IOException)
        {
            // Nobody is left to hear of it.
        }
    }

    /// <summary>The process died.</summary>
    public void Abandon(SimRandom random)
    {
        IsAbandoned = true;
        HappenInPart(random);
    }
}

/// <summary>Writes bytes, or zeros, into the page cache.</summary>
internal sealed class WriteOperation(string path, SimInode inode, long offset, ReadOnlyMemory<byte> bytes, long zeros) : DiskOperation
{
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
            throw new IOException($"{path}: No space left on device");
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

/// <summary>Makes a directory's names durable.</summary>
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

        disk.SyncNames();
    }
}

/// <summary>Reads; only takes its time.</summary>
internal sealed class ReadOperation(string path, long offset) : DiskOperation
{
    public override bool IsChange => false;

    public override ulong Hash => Mix.Add(Mix.Of(path), (ulong)offset);

    public override void Happen(SimDisk disk)
    {
    }
}
