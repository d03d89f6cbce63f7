using Raft.Simulation.Cluster;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Running;

/// <summary>Holds the replicas of a run to what its workload says of them, and names the server that does not keep to it.</summary>
internal sealed class WorkloadRules<TFsm>(
    SimKernel kernel, Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, StateNotes? notes)
    where TFsm : class, IFsm
{
    private readonly HashSet<TFsm> _made = new(ReferenceEqualityComparer.Instance);

    /// <summary>The cluster, once there is one.</summary>
    public SimCluster? Cluster { get; set; }

    /// <summary>Makes a state machine for a process that starts.</summary>
    public TFsm NewFsm()
    {
        try
        {
            TFsm fsm = workload.MakeFsm() ?? newFsm();
            return _made.Add(fsm ?? throw new SimulationViolationException("it returned null"))
                ? fsm
                : throw new SimulationViolationException(
                    "it returned the same state machine twice; each server needs a new, empty one at every start");
        }
        catch (Exception wrong)
        {
            Fail(wrong, "newFsm");
            throw;
        }
    }

    /// <summary>Looks at a replica after an entry.</summary>
    /// <returns>Its digest; null where it cannot be compared entry by entry.</returns>
    public ulong? Look(IFsm fsm)
    {
        var replica = (TFsm)fsm;
        try
        {
            workload.CheckState(replica);
            if (fsm is IBatchingFsm)
            {
                return null;
            }

            ulong digest = workload.Digest(replica);
            if (notes is not null && ServerOf(fsm) is { Watch: { } watch } server)
            {
                notes.Add(watch.AppliedIndex, server.Id, digest, TextOf(replica));
            }

            return digest;
        }
        catch (Exception wrong)
        {
            SimServer? server = ServerOf(fsm);
            Fail(wrong, $"{server?.Id} after entry {server?.Watch?.AppliedIndex}");
            return null;
        }
    }

    /// <summary>Lets a client read, which must leave the replica as it was.</summary>
    public void WatchRead(TFsm fsm, Action read)
    {
        ulong before = workload.Digest(fsm);
        read();
        if (workload.Digest(fsm) != before)
        {
            kernel.Fail(new RunFailure(
                FailureKind.Violation, Rule.EqualStates,
                $"a client's read changed the state of {ServerOf(fsm)?.Id}; the other servers do not know of it"));
        }
    }

    /// <summary>Looks at the end of a run.</summary>
    public void CheckEnd()
    {
        SimulationReplica<TFsm>[] replicas = [.. Cluster!.Sound.Where(s => s.Fsm is not null)
            .Select(s => new SimulationReplica<TFsm>(s.Id, (TFsm)s.Fsm!))];
        try
        {
            (ServerId Server, ulong Digest)[] states = [.. replicas.Select(r => (r.Server, workload.Digest(r.Fsm)))];
            if (states.Select(s => s.Digest).Distinct().Count() > 1)
            {
                string all = string.Join(", ", states.Select(s => $"{s.Server} {s.Digest:x16}"));
                kernel.Fail(new RunFailure(
                    FailureKind.Violation, Rule.EqualStates, $"the servers end with different states: {all}"));
            }

            workload.CheckEnd(replicas);
        }
        catch (Exception wrong)
        {
            Fail(wrong, "at the end");
        }
    }

    /// <summary>The workload is not content.</summary>
    public void Fail(Exception wrong, string where) => kernel.Fail(
        wrong is SimulationViolationException violation
            ? new RunFailure(violation.Kind, violation.Rule, $"{where}: {violation.Message}")
            : new RunFailure(FailureKind.Violation, Rule.Workload, $"{where}: {wrong}"));

    /// <summary>The state as the state machine's own ToString tells it; null where it has none.</summary>
    private static string? TextOf(TFsm fsm) =>
        fsm.GetType().GetMethod(nameof(ToString), Type.EmptyTypes)?.DeclaringType == typeof(object)
            ? null
            : fsm.ToString();

    private SimServer? ServerOf(IFsm fsm) => Cluster?.Servers.FirstOrDefault(s => ReferenceEquals(s.Fsm, fsm));
}
