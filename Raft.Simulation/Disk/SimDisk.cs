using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>
/// The disk of one machine. It outlives the processes that use it: after a process crash everything written is there,
/// synced or not; after a power cut only what was synced is certain.
/// </summary>
internal sealed class SimDisk(SimKernel kernel, DiskConditions conditions)
{
    private readonly List<DiskOperation> _underWay = [];
    private readonly List<(DiskOperation Operation, TimeSpan Time)> _stalled = [];
    private int _stall;
    private bool _isStalled;
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);

    /// <summary>Where everything happens.</summary>
    public SimKernel Kernel => kernel;

    /// <summary>How it behaves.</summary>
    public DiskConditions Conditions { get; set; } = conditions;

    /// <summary>The faults that are on.</summary>
    public DiskFaults Faults { get; } = new();

    /// <summary>What became of what.</summary>
    public Coverage Coverage { get; } = new();

    /// <summary>
    /// Called at the next change of the disk, before it happens, in the middle of it or after it, and then no more:
    /// crashes the machine.
    /// </summary>
    public Action? CrashAtNextChange { get; set; }

    /// <summary>The files with their paths.</summary>
    public IReadOnlyDictionary<string, SimInode> Files => Names.Files();

    /// <summary>The names of files and directories.</summary>
    public NameTree<SimInode> Names { get; private set; } = new();

    /// <summary>The disk as one process sees it.</summary>
    public IDisk Mount(SimProcess process) => new MountedDisk(this, process);

    /// <summary>The process died. What it was writing may be written in part; all that is written stays.</summary>
    public void CrashProcess()
    {
        foreach (DiskOperation operation in _underWay)
        {
            operation.Abandon(kernel.Random);
        }

        _underWay.Clear();
        _locks.Clear();
    }

    /// <summary>The power failed: <see cref="CrashProcess"/>, and what was not synced is gone, in whole or in part.</summary>
    public void CutPower()
    {
        CrashProcess();

        // Names reach the platter in the order in which they were changed, as in a journal; those of directories that
        // were synced meanwhile are there already, and may have left the others behind.
        int kept = kernel.Random.Next(Names.PendingCount + 1);
        if (kept < Names.PendingCount)
        {
            Coverage.Hit(Happening.NameLost);
        }

        Names.CutPower(kept);
        foreach (SimInode inode in Names.Files().Values)
        {
            if (inode.CutPower(kernel.Random, Conditions.AtomicBytes))
            {
                Coverage.Hit(Happening.WriteTorn);
            }
        }
    }

    /// <summary>A new, blank disk takes its place. Nothing may be using it.</summary>
    public void Wipe() => Names = new NameTree<SimInode>();

    /// <summary>Nothing that is asked of it from now on completes, for a time.</summary>
    public void Stall(TimeSpan time)
    {
        _isStalled = true;
        int stall = ++_stall;
        kernel.After(null, time, () =>
        {
            if (stall == _stall)
            {
                EndStall();
            }
        });
    }

    /// <summary>It goes on with what waits.</summary>
    public void EndStall()
    {
        _isStalled = false;
        foreach ((DiskOperation operation, TimeSpan time) in _stalled)
        {
            kernel.After(null, time, () => Finish(operation));
        }

        _stalled.Clear();
    }

    internal SimInode? Find(string path) => Names.Find(path);

    internal bool TryLock(string path) => _locks.Add(path);

    internal void Unlock(string path) => _locks.Remove(path);

    /// <summary>Lets an operation take its time and then happen. A step of the world: a paused process's writes go on.</summary>
    internal Task Begin(DiskOperation operation, TimeSpan time)
    {
        _underWay.Add(operation);
        if (_isStalled)
        {
            Coverage.Hit(Happening.DiskStalled);
            _stalled.Add((operation, time));
        }
        else
        {
            kernel.After(null, time, () => Finish(operation));
        }

        return operation.Completion;
    }

    private void Finish(DiskOperation operation)
    {
        if (operation.IsAbandoned)
        {
            return;
        }

        if (operation.IsChange && CrashAtNextChange is { } crash)
        {
            CrashAtNextChange = null;
            Coverage.Hit(Happening.CrashAtWrite);
            if (kernel.Random.Chance(0.5))
            {
                // It happened, and nobody was told.
                _underWay.Remove(operation);
                operation.HappenUntold(this);
            }

            crash();
            return;
        }

        _underWay.Remove(operation);
        kernel.Note(operation.Hash);
        operation.Complete(this);
    }
}
