namespace Raft.Simulation.Linearizability;

/// <summary>Operations as they stand in explanations.</summary>
internal static class OperationText
{
    /// <summary>One line: when, who, what, and where it was answered.</summary>
    public static string Line<TState, TCall, TResult>(
        this SequentialSpecification<TState, TCall, TResult> specification, HistoryOperation<TCall, TResult> operation)
        where TState : notnull
        where TCall : notnull
    {
        string what = operation.Outcome == OperationOutcome.Returned
            ? specification.Describe(operation.Call, operation.Result!)
            : $"{operation.Call}";
        string when = $"{Seconds(operation.InvokedAt)} to {Seconds(operation.EndedAt)}";
        return $"{when}  client {operation.Client}  {what}{Answer(operation)}";
    }

    private static string Seconds(TimeSpan? at) => at is { } time ? $"{time.TotalSeconds:F7} s" : "?";

    private static string Answer<TCall, TResult>(HistoryOperation<TCall, TResult> operation)
    {
        string node = operation.Node is { } id ? $"  by {id}" : "";
        string index = operation.LogIndex > 0 ? $"  index {operation.LogIndex}" : "";
        string term = operation.Term > 0 ? $"  term {operation.Term}" : "";
        string outcome = operation.Outcome switch
        {
            OperationOutcome.Unknown => "  (outcome unknown)",
            OperationOutcome.DidNotHappen => "  (did not happen)",
            _ => "",
        };
        return node + index + term + outcome;
    }
}
