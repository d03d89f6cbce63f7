namespace Raft.Fsm.Sample.Bench;

/// <summary>What a run of <c>raftkv bench</c> measures.</summary>
internal enum BenchMode
{
    /// <summary>Commands, and reads, of many callers.</summary>
    Throughput,

    /// <summary>How a node that was down gets what it lacks.</summary>
    CatchUp,

    /// <summary>How a node that is new gets the state.</summary>
    Snapshot,
}
