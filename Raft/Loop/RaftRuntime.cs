using Raft.Mutations;
using Raft.Observability;

namespace Raft.Loop;

/// <summary>What a node runs on. In production schedulers over the thread pool; in the simulator one seeded scheduler.</summary>
internal sealed record RaftRuntime
{
    /// <summary>Runs the loop, the log writer and the replicators, one at a time.</summary>
    public required TaskScheduler LoopScheduler { get; init; }

    /// <summary>Runs the state machine.</summary>
    public required TaskScheduler FsmScheduler { get; init; }

    /// <summary>Writes snapshots.</summary>
    public required TaskScheduler SnapshotScheduler { get; init; }

    /// <summary>Tells callers the outcomes of their calls; their continuations may run on it.</summary>
    public required TaskScheduler CompletionScheduler { get; init; }

    /// <summary>Runs the application's answers to other servers' questions.</summary>
    public required TaskScheduler UserScheduler { get; init; }

    /// <summary>Hears what the node does; null in production.</summary>
    public IRaftTrace? Trace { get; init; }

    /// <summary>
    /// Whether the node measures itself. Not where nodes end without being stopped, as in the simulator: the process would
    /// keep their meters for ever.
    /// </summary>
    public bool IsMetered { get; init; }

    /// <summary>The bug planted in the node; none in production.</summary>
    public Mutation Mutation { get; init; }

    /// <summary>
    /// For production: one exclusive scheduler for everything that shares the node's state, so that its tasks never
    /// race, and others for user code, so that it never holds up a loop.
    /// </summary>
    public static RaftRuntime Production() => new()
    {
        LoopScheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler,
        FsmScheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler,
        SnapshotScheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler,
        CompletionScheduler = CompositionRoot.PoolScheduler,
        UserScheduler = CompositionRoot.PoolScheduler,
        IsMetered = true,
    };
}
