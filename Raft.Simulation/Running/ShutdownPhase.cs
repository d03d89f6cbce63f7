using Raft.Simulation.Cluster;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Running;

/// <summary>The end of a run: every node is asked to stop, and then no call, task or timer of it is left.</summary>
internal sealed class ShutdownPhase(SimCluster cluster, CallRegister calls)
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    public void Run()
    {
        SimKernel kernel = cluster.Kernel;
        SimServer[] running = [.. cluster.Servers.Where(s => s.Condition == ServerCondition.Up)];
        SimProcess[] processes = [.. running.Select(s => s.Process!)];
        foreach (SimServer server in running)
        {
            server.OnExit = null;
            server.Stop();
        }

        kernel.Run(kernel.Now + Within, () => running.All(s => s.Condition == ServerCondition.Down));
        if (kernel.Failure is not null)
        {
            return;
        }

        foreach (SimServer server in running.Where(s => s.Condition != ServerCondition.Down))
        {
            cluster.Ledger.Violated(Rule.Resources, $"{server.Id} was asked to stop and did not within {Within}");
        }

        foreach (SimProcess process in processes.Where(p => p.Time.ArmedTimers > 0))
        {
            cluster.Ledger.Violated(Rule.Resources, $"{process.Name} left {process.Time.ArmedTimers} timers behind");
        }

        calls.CheckAll();
    }
}
