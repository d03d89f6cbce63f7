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
