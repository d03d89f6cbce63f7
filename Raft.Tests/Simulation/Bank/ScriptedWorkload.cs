using Raft.Simulation;

namespace Bank;

/// <summary>A workload whose clients do what a test says.</summary>
/// <param name="script">What each client does.</param>
internal sealed class ScriptedWorkload(Func<SimulationClient<BankFsm>, Task> script) : SimulationWorkload<BankFsm>
{
    /// <summary>What is thrown at the end, if anything.</summary>
    public Exception? AtTheEnd { get; init; }

    public override SimulationWorkload<BankFsm> ForRun(SimulationRun run) => this;

    public override Task RunClientAsync(SimulationClient<BankFsm> client) => script(client);

    public override ulong Digest(BankFsm fsm) => new StateDigest().Add(fsm.ToString()).Value;

    public override void CheckEnd(IReadOnlyList<SimulationReplica<BankFsm>> replicas)
    {
        if (AtTheEnd is not null)
        {
            throw AtTheEnd;
        }
    }
}
