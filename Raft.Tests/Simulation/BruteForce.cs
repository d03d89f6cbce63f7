using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>
/// Linearizability by its definition: tries every order of every choice of operations. Shares no thought with the search
/// it is compared with, and is good for some seven operations.
/// </summary>
internal static class BruteForce
{
    public static bool IsLinearizable<TState, TCall, TResult>(
        IReadOnlyList<HistoryOperation<TCall, TResult>> operations,
        SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        HistoryOperation<TCall, TResult>[] returned = [.. operations.Where(o => o.Outcome == OperationOutcome.Returned)];
        HistoryOperation<TCall, TResult>[] unknown = [.. operations.Where(o => o.Outcome == OperationOutcome.Unknown)];
        for (int choice = 0; choice < 1 << unknown.Length; choice++)
        {
            HistoryOperation<TCall, TResult>[] chosen = [.. returned, .. unknown.Where((_, i) => (choice >> i & 1) == 1)];
            if (AnyOrder(chosen, 0, o => KeepsToTime(o) && IsRight(o, specification)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyOrder<T>(T[] items, int fixedCount, Func<T[], bool> predicate)
    {
        if (fixedCount >= items.Length - 1)
        {
            return predicate(items);
        }

        for (int i = fixedCount; i < items.Length; i++)
        {
            (items[fixedCount], items[i]) = (items[i], items[fixedCount]);
            bool found = AnyOrder(items, fixedCount + 1, predicate);
            (items[fixedCount], items[i]) = (items[i], items[fixedCount]);
            if (found)
            {
                return true;
            }
        }

        return false;
    }

    private static bool KeepsToTime<TCall, TResult>(HistoryOperation<TCall, TResult>[] order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            for (int j = i + 1; j < order.Length; j++)
            {
                if (order[j].EndedAt < order[i].InvokedAt)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsRight<TState, TCall, TResult>(
        HistoryOperation<TCall, TResult>[] order, SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        TState state = specification.InitialState("k");
        foreach (HistoryOperation<TCall, TResult> operation in order)
        {
            (state, TResult result) = specification.Apply(state, operation.Call);
            if (operation.Outcome == OperationOutcome.Returned
                && !specification.ResultComparer.Equals(result, operation.Result!))
            {
                return false;
            }
        }

        return true;
    }
}
