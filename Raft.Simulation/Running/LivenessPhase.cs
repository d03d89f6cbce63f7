using Raft.Simulation.Administration;
using Raft.Simulation.Cluster;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Running;

/// <summary>
/// What a cluster owes once the faults have stopped: a leader soon, writes that commit, and the same log, state and
/// configuration on every member whose disk is sound.
/// </summary>
internal sealed class LivenessPhase(SimCluster cluster, SimProcess clients, CallRegister calls)
{
    private const int ElectionTimeouts = 10;
    private const int Writes = 20;

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    private readonly SimKernel _kernel = cluster.Kernel;
    private readonly TimeSpan _since = cluster.Kernel.Now;

    /// <summary>A leader whom a majority follows, within ten election timeouts.</summary>
    public void AwaitLeader() => Await(
        cluster.Config.ElectionTimeout * ElectionTimeouts, HasLeader,
        $"there is no leader {ElectionTimeouts} election timeouts after the faults stopped");

    /// <summary>Writes that commit.</summary>
    public void Write()
    {
        int written = 0;
        var port = new ClientPort(cluster, clients, calls, _kernel.Random.Fork(), "the last client");
        _ = clients.Start(async () =>
        {
            while (written < Writes)
            {
                written += await port.BarrierAsync() ? 1 : 0;
            }
        });
        Await(Within, () => written >= Writes, $"{Writes} writes do not commit");
    }

    /// <summary>Clients' commands are answered again.</summary>
    public void AwaitCommands(int count)
    {
        int before = calls.Commands;
        Await(Within, () => calls.Commands >= before + count, $"{count} commands of clients are not acknowledged");
    }

    /// <summary>Every client has its last answer.</summary>
    public void AwaitClients(IReadOnlyList<Task> tasks)
    {
        bool HaveEnded() => tasks.All(t => t.IsCompleted);
        _kernel.Run(_since + Within, HaveEnded);
        if (_kernel.Failure is null && !HaveEnded())
        {
            // One that waits for something real is seen to when that comes.
            _kernel.Escapes.Await(TimeSpan.FromSeconds(1));
        }

        IEnumerable<int> late = Enumerable.Range(0, tasks.Count).Where(i => !tasks[i].IsCompleted);
        Await(Within, HaveEnded, () =>
            $"client {string.Join(" and client ", late)} did not end within {Within.TotalSeconds} s of "
            + $"{nameof(SimulationClient<>.IsStopping)}: it does not look at that, or it waits for something that does not "
            + "come, or that is outside the simulation");
    }

    /// <summary>Whatever administrators asked for has an outcome.</summary>
    public void AwaitOffice(ClusterOffice office) =>
        Await(Within, () => office.HasEnded, "a change of members, a transfer or a snapshot has no outcome");

    /// <summary>All sound servers hold and have applied the same entries.</summary>
    public void AwaitSame()
    {
        Await(Within, AreSame, "the servers do not end up with the same log");
        if (_kernel.Failure is not null)
        {
            return;
        }

        foreach (SimServer server in cluster.Sound.Where(s => !s.Watch!.Configuration.Equals(cluster.Configuration)))
        {
            cluster.Ledger.Violated(
                Rule.Converged, $"{server.Id} ends up with {server.Watch!.Configuration}, where {cluster.Configuration} is committed");
        }
    }

    private bool HasLeader()
    {
        ClusterConfiguration configuration = cluster.Configuration;
        if (cluster.Leader is not { Condition: ServerCondition.Up } leader || !configuration.IsVoter(leader.Id))
        {
            return false;
        }

        int followers = cluster.Servers.Count(s =>
            configuration.IsVoter(s.Id) && s.Watch?.Record.Term == leader.Watch!.Record.Term);
        return followers >= configuration.QuorumSize;
    }

    private bool AreSame()
    {
        SimServer[] servers = [.. cluster.Sound];
        return servers.All(IsSettled) && servers.All(s => IsSame(s.Watch!, servers[0].Watch!));
    }

    private static bool IsSettled(SimServer server) =>
        server is { Condition: ServerCondition.Up, Watch: { } watch }
        && watch.AppliedIndex == watch.Log.LastIndex && watch.CommitIndex == watch.Log.LastIndex;

    private static bool IsSame(NodeWatch one, NodeWatch other) =>
        one.Record.Term == other.Record.Term && one.Log.LastIndex == other.Log.LastIndex
        && one.Log.IsSameThrough(other.Log, one.Log.LastIndex);

    private void Await(TimeSpan within, Func<bool> condition, string otherwise) =>
        Await(within, condition, () => otherwise);

    private void Await(TimeSpan within, Func<bool> condition, Func<string> otherwise)
    {
        if (_kernel.Failure is not null)
        {
            return;
        }

        _kernel.Run(_since + within, condition);
        if (_kernel.Failure is null && !condition())
        {
            cluster.Ledger.Violated(Rule.Liveness, otherwise());
        }
    }
}
