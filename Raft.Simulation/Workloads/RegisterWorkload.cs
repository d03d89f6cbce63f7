using System.Globalization;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>The built-in workload: clients read, write and swap a few registers, and what they saw must be linearizable.</summary>
internal sealed class RegisterWorkload : SimulationWorkload<RegisterFsm>
{
    private const ulong BatchingSalt = 77;
    private const ulong BatchingPercent = 15;

    private static readonly string[] Keys =
        [.. Enumerable.Range(0, RegisterFsm.Count).Select(register => register.ToString(CultureInfo.InvariantCulture))];

    private readonly OperationHistory<RegisterCall, long>? _history;
    private readonly bool _isBatching;
    private long _lastValue;
    private int _lastClient;

    /// <summary>The workload, from which each run gets one of its own.</summary>
    public RegisterWorkload()
    {
    }

    private RegisterWorkload(SimulationRun run)
    {
        _history = new OperationHistory<RegisterCall, long>(run.TimeProvider);
        _isBatching = Mix.Add(BatchingSalt, run.Seed) % 100 < BatchingPercent;
    }

    /// <summary>In a share of the seeds the registers take several entries at once.</summary>
    internal override RegisterFsm? MakeFsm() => _isBatching ? new BatchingRegisterFsm() : null;

    internal override int CommandsAfterFaults => 20;

    private OperationHistory<RegisterCall, long> History => _history!;

    public override SimulationWorkload<RegisterFsm> ForRun(SimulationRun run) => new RegisterWorkload(run);

    public override ulong Digest(RegisterFsm fsm) => fsm.Digest;

    public override async Task RunClientAsync(SimulationClient<RegisterFsm> client)
    {
        // A client has one operation at a time; after one whose outcome it does not know it goes on under another name.
        int name = ++_lastClient;
        long[] seen = new long[RegisterFsm.Count];
        while (!client.IsStopping)
        {
            int register = client.Random.Next(RegisterFsm.Count);
            bool isKnown = client.Random.Next(20) switch
            {
                0 => await client.BarrierAsync(),
                1 => await client.VerifyAsync(),
                < 8 => await GetAsync(client, name, register, seen),
                < 14 => await PutAsync(client, name, register, seen),
                _ => await SwapAsync(client, name, register, seen),
            };
            name = isKnown ? name : ++_lastClient;
            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(client.Random.Next(2) == 0 ? 20 : 800)));
        }
    }

    /// <summary>What is there at the end is one more read of everything.</summary>
    public override void CheckEnd(IReadOnlyList<SimulationReplica<RegisterFsm>> replicas)
    {
        int name = ++_lastClient;
        for (int register = 0; register < RegisterFsm.Count; register++)
        {
            History.Return(History.Invoke(name, Keys[register], RegisterCall.Get()), replicas[0].Fsm[register]);
        }

        LinearizabilityResult result = LinearizabilityChecker.Check(History.Operations, new RegisterSpecification());
        if (result.Verdict != LinearizabilityVerdict.Ok)
        {
            throw new SimulationViolationException(
                result.Verdict == LinearizabilityVerdict.Illegal ? FailureKind.Illegal : FailureKind.Undecided,
                Rule.Linearizable, result.Explanation);
        }
    }

    /// <summary>Most commands are small; some are larger than a segment of the log.</summary>
    private static int Padding(SimulationClient<RegisterFsm> client) => client.Random.Next(50) switch
    {
        0 => client.Random.Next(40_000),
        < 15 => client.Random.Next(500),
        _ => 0,
    };

    private async Task<bool> GetAsync(SimulationClient<RegisterFsm> client, int name, int register, long[] seen)
    {
        HistoryOperation<RegisterCall, long> operation = History.Invoke(name, Keys[register], RegisterCall.Get());
        SimulationOutcome<long> outcome = await client.ReadAsync(fsm => fsm[register]);
        if (outcome.IsDone)
        {
            seen[register] = outcome.Value;
        }

        return End(operation, outcome, outcome.Value);
    }

    private async Task<bool> PutAsync(SimulationClient<RegisterFsm> client, int name, int register, long[] seen)
    {
        long value = ++_lastValue;
        HistoryOperation<RegisterCall, long> operation = History.Invoke(name, Keys[register], RegisterCall.Put(value));
        SimulationOutcome<object?> outcome = await client.ApplyAsync(RegisterFsm.Put(register, value, Padding(client)));
        seen[register] = value;
        return End(operation, outcome, 0);
    }

    private async Task<bool> SwapAsync(SimulationClient<RegisterFsm> client, int name, int register, long[] seen)
    {
        long value = ++_lastValue;
        long expected = seen[register];
        HistoryOperation<RegisterCall, long> operation =
            History.Invoke(name, Keys[register], RegisterCall.CompareAndSwap(expected, value));
        SimulationOutcome<object?> outcome = await client.ApplyAsync(
            RegisterFsm.CompareAndSwap(register, expected, value, Padding(client)));
        bool isSwapped = outcome.Value is true;
        seen[register] = isSwapped ? value : 0;
        return End(operation, outcome, isSwapped ? 1 : 0);
    }

    /// <summary>Records how a call ended.</summary>
    /// <returns>Whether its outcome is known.</returns>
    private bool End<T>(HistoryOperation<RegisterCall, long> operation, SimulationOutcome<T> outcome, long result)
    {
        switch (outcome.Kind)
        {
            case SimulationOutcomeKind.Done:
                History.Return(operation, result, outcome.Server, outcome.Index, outcome.Term);
                return true;
            case SimulationOutcomeKind.NotDone:
                History.Reject(operation);
                return true;
            default:
                return false;
        }
    }
}
