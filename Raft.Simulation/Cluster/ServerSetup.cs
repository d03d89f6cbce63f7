using Raft.Loop;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Cluster;

/// <summary>What the servers of one cluster share.</summary>
/// <param name="Kernel">Where everything happens.</param>
/// <param name="Network">What connects them.</param>
/// <param name="Ledger">What is true of them.</param>
/// <param name="Plan">What was drawn for them.</param>
/// <param name="Founders">Their configuration.</param>
/// <param name="NewFsm">Makes a state machine.</param>
/// <param name="StateOf">Digests one; null where it cannot be digested entry by entry.</param>
/// <param name="Config">Their settings, but for what is each one's own.</param>
/// <param name="Bug">The bug that is planted in all of them.</param>
internal sealed record ServerSetup(
    SimKernel Kernel, SimNetwork Network, ClusterLedger Ledger, ClusterPlan Plan, ClusterConfiguration Founders,
    Func<IFsm> NewFsm, Func<IFsm, ulong?> StateOf, RaftConfig Config, PlantedBug Bug)
{
    /// <summary>Makes a state machine, with what it has on its server's disk, where it keeps anything there.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="process">What runs there.</param>
    /// <param name="coverage">Where it is noted that it had something.</param>
    public async Task<IFsm> OpenFsmAsync(IDisk disk, SimProcess process, Coverage coverage)
    {
        IFsm fsm = NewFsm();
        if (fsm is DurableRegisterFsm durable)
        {
            await durable.OpenAsync(disk, process, Kernel.Random);
            if (durable.Applied.Index > 0)
            {
                coverage.Hit(Happening.StateKept);
            }
        }

        return fsm;
    }

    /// <summary>What a node runs on: the one scheduler of its process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="watch">What hears the node; null for nobody.</param>
    public RaftRuntime Runtime(SimProcess process, NodeWatch? watch) => new()
    {
        LoopScheduler = process.Scheduler,
        FsmScheduler = process.Scheduler,
        SnapshotScheduler = process.Scheduler,
        CompletionScheduler = process.Scheduler,
        UserScheduler = process.Scheduler,
        Trace = watch,
        Mutation = Bug.Node,
    };
}
