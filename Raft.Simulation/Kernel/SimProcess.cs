namespace Raft.Simulation.Kernel;

/// <summary>
/// A process of the simulated world: what runs on its scheduler can be held (paused) and dropped (killed), without any
/// of its code noticing. A process that starts again is a new one.
/// </summary>
internal sealed class SimProcess
{
    private readonly SimKernel _kernel;

    public SimProcess(SimKernel kernel, int id, string name, MachineClock clock)
    {
        _kernel = kernel;
        Id = id;
        Name = name;
        Scheduler = new SimScheduler(kernel, this);
        Time = new ProcessTime(kernel, this, clock);
    }

    /// <summary>Its number, which stands in the trace.</summary>
    public int Id { get; }

    /// <summary>Its name for humans.</summary>
    public string Name { get; }

    /// <summary>Runs all of its tasks.</summary>
    public SimScheduler Scheduler { get; }

    /// <summary>Its clock and timers.</summary>
    public ProcessTime Time { get; }

    /// <summary>Whether it was killed: what it still had to do never happens, no <c>finally</c> runs.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Whether it died in the middle of its work: nobody can expect an answer of it.</summary>
    public bool WasCrashed { get; set; }

    /// <summary>Whether it stands still.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>What became ready while it stood still.</summary>
    internal List<ReadyStep> Held { get; } = [];

    /// <summary>Starts a task on its scheduler.</summary>
    public Task Start(Func<Task> run) => Task.Factory.StartNew(
        run, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    /// <summary>Kills it.</summary>
    public void Kill()
    {
        IsDead = true;
        Held.Clear();
    }

    /// <summary>Stops it where it stands (SIGSTOP).</summary>
    public void Pause() => IsPaused = true;

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Resume()
    {
        IsPaused = false;
        _kernel.Release(Held);
        Held.Clear();
    }
}
