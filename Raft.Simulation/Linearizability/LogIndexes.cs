namespace Raft.Simulation.Linearizability;

/// <summary>Checks the log indexes of answers, where they are known. All keys share one log.</summary>
internal static class LogIndexes
{
    /// <summary>Looks for an index that was acknowledged twice, and for one that is out of order.</summary>
    public static HistoryFault? Find<TState, TCall, TResult>(
        IReadOnlyList<HistoryOperation<TCall, TResult>> operations,
        SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        List<HistoryOperation<TCall, TResult>> indexed =
            [.. operations.Where(o => o.LogIndex > 0 && o.Outcome == OperationOutcome.Returned)];
        return FindTwice(indexed, specification) ?? FindDisorder(indexed, specification);
    }

    private static HistoryFault? FindTwice<TState, TCall, TResult>(
        List<HistoryOperation<TCall, TResult>> indexed, SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        var byIndex = new Dictionary<ulong, HistoryOperation<TCall, TResult>>(indexed.Count);
        foreach (HistoryOperation<TCall, TResult> operation in indexed)
        {
            if (!specification.IsRead(operation.Call) && !byIndex.TryAdd(operation.LogIndex, operation))
            {
                return new HistoryFault(
                    Key: null,
                    $"""
                    log index {operation.LogIndex} was acknowledged for two operations:
                      key "{byIndex[operation.LogIndex].Key}"  {specification.Line(byIndex[operation.LogIndex])}
                      key "{operation.Key}"  {specification.Line(operation)}
                    """);
            }
        }

        return null;
    }

    private static HistoryFault? FindDisorder<TState, TCall, TResult>(
        List<HistoryOperation<TCall, TResult>> indexed, SequentialSpecification<TState, TCall, TResult> specification)
        where TState : notnull
        where TCall : notnull
    {
        List<HistoryOperation<TCall, TResult>> byEnd = [.. indexed.OrderBy(o => o.EndedAt)];
        int ended = 0;
        HistoryOperation<TCall, TResult>? highest = null;
        foreach (HistoryOperation<TCall, TResult> operation in indexed.OrderBy(o => o.InvokedAt))
        {
            for (; byEnd[ended].EndedAt < operation.InvokedAt; ended++)
            {
                highest = highest is null || byEnd[ended].LogIndex > highest.LogIndex ? byEnd[ended] : highest;
            }

            // An entry of its own comes behind all that was applied before it was asked for; a read may see just that.
            ulong leastIndex = (highest?.LogIndex ?? 0) + (specification.IsRead(operation.Call) ? 0ul : 1ul);
            if (highest is not null && operation.LogIndex < leastIndex)
            {
                return new HistoryFault(
                    Key: null,
                    $"""
                    an operation was invoked after another had returned, and has no later log index:
                      key "{highest.Key}"  {specification.Line(highest)}
                      key "{operation.Key}"  {specification.Line(operation)}
                    """);
            }
        }

        return null;
    }
}
