using Raft.Simulation.Linearizability;

namespace Raft.Simulation;

/// <summary>
/// Finds out whether a history is linearizable: whether an order of its operations exists in which each answer is right
/// and which keeps to real time (Herlihy, Wing, "Linearizability", 1990). Each key is an object of its own.
/// </summary>
/// <example>
/// <code>
/// var history = new OperationHistory&lt;RegisterCall, long&gt;(clock);
/// var put = history.Invoke(client: 1, "k", RegisterCall.Put(5)); // before it is sent
/// history.Return(put, result: 0, logIndex: applied.Index);       // or Reject, or nothing if nobody knows
/// var result = LinearizabilityChecker.Check(history.Operations, new RegisterSpecification());
/// </code>
/// </example>
public static class LinearizabilityChecker
{
    /// <summary>The default of how many steps the search of one key may take: some tenths of a second.</summary>
    public const long DefaultStepsMax = 2_000_000;

    /// <summary>Checks a history.</summary>
    /// <param name="operations">All of <see cref="OperationHistory{TCall, TResult}.Operations"/>.</param>
    /// <param name="specification">What each answer is measured by.</param>
    /// <param name="stepsMax">How many steps the search of one key may take.</param>
    /// <returns>
    /// The verdict, and with <see cref="LinearizabilityVerdict.Illegal"/> what contradicts what. Where log indexes are
    /// recorded, these are checked too: no index is acknowledged twice, and none is below one that was acknowledged before
    /// its operation was invoked.
    /// </returns>
    /// <exception cref="InvalidOperationException">The specification contradicts itself: a read writes.</exception>
    public static LinearizabilityResult Check<TState, TCall, TResult>(
        IReadOnlyList<HistoryOperation<TCall, TResult>> operations,
        SequentialSpecification<TState, TCall, TResult> specification,
        long stepsMax = DefaultStepsMax)
        where TState : notnull
        where TCall : notnull
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(specification);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepsMax);
        if ((LogIndexes.Find(operations, specification) ?? specification.FindFault(operations)) is { } fault)
        {
            return new LinearizabilityResult(LinearizabilityVerdict.Illegal, Steps: 0)
            {
                Key = fault.Key,
                Explanation = fault.Explanation,
            };
        }

        var search = new KeySearch<TState, TCall, TResult>(specification);
        string? givenUp = null;
        foreach ((string key, List<HistoryOperation<TCall, TResult>> ofKey) in ByKey(operations, specification))
        {
            SearchOperation<TCall, TResult>[] searched = [.. ofKey.Select(SearchOperation<TCall, TResult>.From)];
            LinearizabilityVerdict verdict = search.Run(searched, specification.InitialState(key), stepsMax);
            if (verdict == LinearizabilityVerdict.Illegal)
            {
                return new LinearizabilityResult(verdict, search.Steps)
                {
                    Key = key,
                    Explanation = new Contradiction<TState, TCall, TResult>(key, ofKey, specification, search).Explain(),
                };
            }

            givenUp ??= verdict == LinearizabilityVerdict.Unknown ? key : null;
        }

        return givenUp is null ? new LinearizabilityResult(LinearizabilityVerdict.Ok, search.Steps)
            : new LinearizabilityResult(LinearizabilityVerdict.Unknown, search.Steps)
            {
                Key = givenUp,
                Explanation = $"key \"{givenUp}\": given up after {stepsMax} steps; shorten the history",
            };
    }

    /// <summary>What constrains an order, key by key in the order in which the keys first appear.</summary>
    private static List<(string Key, List<HistoryOperation<TCall, TResult>> Operations)> ByKey<TState, TCall, TResult>(
        IReadOnlyList<HistoryOperation<TCall, TResult>> operations,
        SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        var keys = new List<(string Key, List<HistoryOperation<TCall, TResult>> Operations)>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (HistoryOperation<TCall, TResult> operation in operations)
        {
            if (operation.Outcome == OperationOutcome.DidNotHappen
                || (operation.Outcome == OperationOutcome.Unknown && specification.IsRead(operation.Call)))
            {
                continue;
            }

            if (!places.TryGetValue(operation.Key, out int place))
            {
                place = keys.Count;
                places.Add(operation.Key, place);
                keys.Add((operation.Key, []));
            }

            keys[place].Operations.Add(operation);
        }

        return keys;
    }
}
