namespace Raft.Simulation.Linearizability;

/// <summary>What the times of a history file count.</summary>
internal enum HistoryClock
{
    /// <summary>Ticks of 100 ns of a simulation's clock.</summary>
    Virtual = 0,

    /// <summary>
    /// Nanoseconds of a real clock that never goes back. In memory they are rounded to ticks, which can only make events
    /// concurrent.
    /// </summary>
    Monotonic = 1,
}
