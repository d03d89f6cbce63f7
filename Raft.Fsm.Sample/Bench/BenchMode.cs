namespace Raft.Fsm.Sample.Bench;

/// <summary>What a run of <c>raftkv bench</c> measures.</summary>
internal enum BenchMode
{
    /// <summary>Commands, and reads, of many callers.</summary>
    Throughput,

    /// <summary>The callers alone: what they cost is part of what is measured of commands.</summary>
    Load,

    /// <summary>How a node that was down gets what it lacks.</summary>
    CatchUp,

    /// <summary>How a node that is new gets the state.</summary>
    Snapshot,
}
