namespace Raft.Simulation.Kernel;

/// <summary>Something that happens at a virtual time, as one step of its process or of the world around them.</summary>
internal abstract class SimEvent
{
    /// <summary>The process whose step it is: held while that is paused, dropped once it is dead. Null for the world.</summary>
    public SimProcess? Process { get; init; }

    /// <summary>Counts how often it was scheduled anew: an earlier time no longer counts.</summary>
    public int Version { get; set; }

    /// <summary>Happens.</summary>
    public abstract void Run();
}

/// <summary>An event that is one call.</summary>
internal sealed class SimAction(Action action) : SimEvent
{
    public override void Run() => action();
}
