namespace Raft.Simulation;

/// <summary>What clients do with a replicated state machine during a simulation, and what must be true of it.</summary>
/// <typeparam name="TFsm">The state machine.</typeparam>
/// <remarks>
/// All of it runs on the simulation's one thread: no other threads, no clock but the client's, no random but the
/// client's, no <c>ConfigureAwait(false)</c>. What leaves the simulation fails the seed.
/// </remarks>
public abstract class SimulationWorkload<TFsm>
    where TFsm : class, IFsm
{
    /// <summary>The workload for one seed: itself, or where it keeps state of its own, a new one.</summary>
    /// <param name="run">What a run offers to a workload.</param>
    /// <returns>The workload to use.</returns>
    public virtual SimulationWorkload<TFsm> ForRun(SimulationRun run) => this;

    /// <summary>What one client does until <see cref="SimulationClient{TFsm}.IsStopping"/>.</summary>
    /// <param name="client">The client.</param>
    /// <returns>Completes when the client is done. An exception fails the seed.</returns>
    public abstract Task RunClientAsync(SimulationClient<TFsm> client);

    /// <summary>
    /// A digest of a replica's state, taken after every entry: at equal indexes all replicas must have equal ones. With
    /// an <see cref="IBatchingFsm"/> it is compared at the end only.
    /// </summary>
    /// <param name="fsm">The replica.</param>
    /// <returns>The digest; null where there is none to take.</returns>
    public virtual ulong? Digest(TFsm fsm) => null;

    /// <summary>Looks at the outcome of a run, after all replicas have the same state.</summary>
    /// <param name="replicas">The replicas that run, at least one.</param>
    /// <exception cref="SimulationViolationException">Something is not as it must be. So any other exception.</exception>
    public virtual void Check(IReadOnlyList<TFsm> replicas)
    {
    }
}
