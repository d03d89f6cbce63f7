namespace Raft.Simulation.Kernel;

/// <summary>
/// Notices work that left the simulation's one thread: a task queued from another thread and, where the process does
/// nothing else, any work of the thread pool. Such a run is not the same twice, so it counts as failed.
/// </summary>
/// <param name="watchPool">Whether the process does nothing else meanwhile.</param>
internal sealed class EscapeDetector(bool watchPool)
{
    private readonly int _owner = Environment.CurrentManagedThreadId;
    private readonly long _poolItems = PoolItems;
    private int _count;
    private string? _firstStack;

    /// <summary>How many were noticed.</summary>
    public int Count => Volatile.Read(ref _count) + (watchPool ? (int)(PoolItems - _poolItems) : 0);

    /// <summary>Where the first came from.</summary>
    public string? FirstStack => Volatile.Read(ref _firstStack);

    /// <summary>Whether the caller is on the simulation's thread; notes it where it is not.</summary>
    public bool IsHome()
    {
        if (Environment.CurrentManagedThreadId == _owner)
        {
            return true;
        }

        Interlocked.CompareExchange(ref _firstStack, Environment.StackTrace, null);
        Interlocked.Increment(ref _count);
        return false;
    }

#pragma warning disable RS0030 // Watched, not used.
    private static long PoolItems => ThreadPool.CompletedWorkItemCount;
#pragma warning restore RS0030
}
