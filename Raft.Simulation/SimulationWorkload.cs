namespace Raft.Simulation;

/// <summary>What clients do with a replicated state machine during a simulation, and what must be true of it.</summary>
/// <typeparam name="TFsm">The state machine.</typeparam>
/// <remarks>
/// All of it runs on the simulation's one thread, and one seed must always be the same run: no other threads, no clock
/// but the client's, no chance but the client's, no <c>ConfigureAwait(false)</c>, no I/O, nothing static that changes.
/// Work that leaves the simulation fails the seed.
/// </remarks>
public abstract class SimulationWorkload<TFsm>
    where TFsm : class, IFsm
{
    /// <summary>
    /// The workload for one seed. Where a workload remembers anything, such as what was answered, this is a new one each
    /// time, or seeds would depend on those before them; where it remembers nothing, it is the workload itself.
    /// </summary>
    /// <param name="run">What a run offers to a workload.</param>
    /// <returns>The workload to use.</returns>
    public abstract SimulationWorkload<TFsm> ForRun(SimulationRun run);

    /// <summary>How many commands of its clients must be acknowledged once the faults have stopped.</summary>
    internal virtual int CommandsAfterFaults => 0;

    /// <summary>Makes a state machine of another kind for this run; null for the usual one.</summary>
    internal virtual TFsm? MakeFsm() => null;

    /// <summary>What one client does until <see cref="SimulationClient{TFsm}.IsStopping"/>. Several do so at once.</summary>
    /// <param name="client">The client.</param>
    /// <returns>Completes when the client is done. An exception fails the seed.</returns>
    public abstract Task RunClientAsync(SimulationClient<TFsm> client);

    /// <summary>
    /// A digest of a replica's whole state, taken after every entry: at equal indexes all replicas must have equal ones.
    /// With an <see cref="IBatchingFsm"/> it is compared at the end only.
    /// </summary>
    /// <param name="fsm">The replica.</param>
    /// <returns>The digest; <see cref="StateDigest"/> makes one.</returns>
    public abstract ulong Digest(TFsm fsm);

    /// <summary>Looks at a replica after every entry that it applied, at any server: what must be true of every state.</summary>
    /// <param name="fsm">The replica.</param>
    /// <exception cref="SimulationViolationException">Something is not as it must be. So any other exception.</exception>
    public virtual void CheckState(TFsm fsm)
    {
    }

    /// <summary>Looks at the outcome of a run, when clients have ended and all replicas have applied the same.</summary>
    /// <param name="replicas">The replicas that run, at least one.</param>
    /// <exception cref="SimulationViolationException">Something is not as it must be. So any other exception.</exception>
    public virtual void CheckEnd(IReadOnlyList<SimulationReplica<TFsm>> replicas)
    {
    }
}
