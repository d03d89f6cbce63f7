using System.Globalization;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>The built-in workload: clients read, write and swap a few registers, and what they saw must be linearizable.</summary>
internal sealed class RegisterWorkload : SimulationWorkload<RegisterFsm>
{
    private const ulong BatchingSalt = 77;
    private const ulong BatchingPercent = 15;
    private const ulong DurableSalt = 78;
    private const ulong DurablePercent = 20;

    private static readonly string[] Keys =
        [.. Enumerable.Range(0, RegisterFsm.Count).Select(register => register.ToString(CultureInfo.InvariantCulture))];

    private readonly OperationHistory<RegisterCall, long>? _history;
    private readonly bool _isBatching;
    private readonly bool _isDurable;
    private long _lastValue;
    private int _lastClient;
    private byte[]? _saved;

    /// <summary>The workload, from which each run gets one of its own.</summary>
    public RegisterWorkload()
    {
    }

    private RegisterWorkload(SimulationRun run)
    {
        _history = new OperationHistory<RegisterCall, long>(run.TimeProvider);
        _isBatching = Mix.Add(BatchingSalt, run.Seed) % 100 < BatchingPercent;
        _isDurable = Mix.Add(DurableSalt, run.Seed) % 100 < DurablePercent;
    }

    /// <summary>In a share of the seeds the registers take several entries at once, in another they are kept on disk.</summary>
    internal override RegisterFsm? MakeFsm() => _isBatching ? new BatchingRegisterFsm() : _isDurable ? new DurableRegisterFsm() : null;

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
            if (client.RestoreShare > 0 && client.Random.NextDouble() < client.RestoreShare)
            {
                name = await RestoreAsync(client, name) ? name : ++_lastClient;
                continue;
            }

            int register = client.Random.Next(RegisterFsm.Count);
            bool reads = client.ReadShare > 0 && client.Random.NextDouble() < client.ReadShare;
            bool isKnown = (reads ? 3 : client.Random.Next(20)) switch
            {
                0 => await client.BarrierAsync(),
                1 => await client.VerifyAsync(),
                2 => await client.LookAsync(),
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

    /// <summary>
    /// Replaces the state by an earlier one, or notes the present one for later. It is one entry of the log, and so one
    /// operation; register by register, as they are checked, it is a put of each one's value. That it is whole everywhere is
    /// checked by the states after that entry.
    /// </summary>
    /// <returns>Whether its outcome is known.</returns>
    private async Task<bool> RestoreAsync(SimulationClient<RegisterFsm> client, int name)
    {
        if (_saved is not { } state || client.Random.Next(3) == 0)
        {
            SimulationOutcome<byte[]> read = await client.ReadAsync(fsm => fsm.State());
            _saved = read.IsDone ? read.Value : _saved;
            return true;
        }

        // Larger than it needs to be, so that it takes several entries, between which a leader may be lost.
        byte[] sent = [.. state, .. new byte[client.Random.Next(2) == 0 ? 0 : client.Random.Next(200_000)]];
        long[] values = RegisterFsm.Values(state);
        HistoryOperation<RegisterCall, long>[] puts =
            [.. Keys.Select((key, register) => History.Invoke(name, key, RegisterCall.Put(values[register])))];
        SimulationOutcome<object?> outcome = await client.RestoreAsync(sent);
        for (int register = 0; register < puts.Length; register++)
        {
            // One entry stands for all: its index may be named once.
            End(puts[register], register == 0 ? outcome : outcome with { Index = 0, Term = 0 }, 0);
        }

        return outcome.Kind != SimulationOutcomeKind.Unknown;
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
