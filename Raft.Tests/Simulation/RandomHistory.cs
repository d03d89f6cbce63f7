using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>
/// Histories of clients of one object that really is there: each operation takes effect at one random instant between its
/// invoke and its return, so all of them are linearizable.
/// </summary>
internal sealed class RandomHistory<TState, TCall, TResult>(
    SequentialSpecification<TState, TCall, TResult> specification, Func<Random, TState, TCall> nextCall)
    where TState : notnull
    where TCall : notnull
{
    /// <summary>How many clients work at once.</summary>
    public int Clients { get; init; } = 3;

    /// <summary>How often a client hears nothing, of 100.</summary>
    public int UnknownPercent { get; init; } = 25;

    /// <summary>How often an operation is refused, of 100.</summary>
    public int RejectedPercent { get; init; } = 8;

    /// <summary>How long an operation lasts at most, in ticks. A pause lasts half as long.</summary>
    public int LongestTicks { get; init; } = 30;

    /// <summary>How long after its invoke an operation of unknown outcome takes effect at most, in ticks.</summary>
    public int LatestTicks { get; init; } = 200;

    public List<HistoryOperation<TCall, TResult>> Make(Random random, int operationCount, string key = "k")
    {
        var planned = new List<Plan>();
        var clients = Enumerable.Range(0, Clients).Select(c => (Id: c, Free: random.Next(LongestTicks))).ToList();
        int nextId = Clients;
        for (int i = 0; i < operationCount; i++)
        {
            int who = random.Next(Clients);
            Plan plan = MakePlan(random, clients[who].Id, clients[who].Free);
            planned.Add(plan);
            int id = plan.Outcome == OperationOutcome.Unknown ? nextId++ : plan.Client;
            clients[who] = (id, plan.End + 1 + random.Next(LongestTicks / 2));
        }

        return Run(random, planned, key);
    }

    private Plan MakePlan(Random random, int client, int free)
    {
        int effect = free + random.Next(LongestTicks / 2);
        int end = effect + random.Next(LongestTicks / 2);
        int chance = random.Next(100);
        if (chance < UnknownPercent)
        {
            // Half of them never take effect.
            effect = random.Next(2) == 0 ? int.MaxValue : free + random.Next(LatestTicks);
            return new Plan(client, free, effect, end, OperationOutcome.Unknown);
        }

        return chance < UnknownPercent + RejectedPercent
            ? new Plan(client, free, int.MaxValue, end, OperationOutcome.DidNotHappen)
            : new Plan(client, free, effect, end, OperationOutcome.Returned);
    }

    private List<HistoryOperation<TCall, TResult>> Run(Random random, List<Plan> planned, string key)
    {
        TState state = specification.InitialState(key);
        var operations = new List<HistoryOperation<TCall, TResult>>();
        foreach (Plan plan in planned.OrderBy(p => p.Effect))
        {
            TCall call = nextCall(random, state);
            var operation = new HistoryOperation<TCall, TResult>(plan.Client, key, call, TimeSpan.FromTicks(plan.Invoke));
            TResult result = default!;
            if (plan.Effect != int.MaxValue)
            {
                (state, result) = specification.Apply(state, call);
            }

            if (plan.Outcome == OperationOutcome.Returned)
            {
                operation.Return(result, TimeSpan.FromTicks(plan.End), node: null, logIndex: 0, term: 0);
            }
            else if (plan.Outcome == OperationOutcome.DidNotHappen)
            {
                operation.Reject(TimeSpan.FromTicks(plan.End));
            }

            operations.Add(operation);
        }

        return [.. operations.OrderBy(o => o.InvokedAt)];
    }

    /// <summary>What will happen to an operation, in ticks.</summary>
    private sealed record Plan(int Client, int Invoke, int Effect, int End, OperationOutcome Outcome);
}
