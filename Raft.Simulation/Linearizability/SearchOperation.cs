using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>One operation as the search sees it: when it must have taken effect, and what it must have answered.</summary>
/// <param name="Call">What was asked for.</param>
/// <param name="Result">What was answered, if it returned.</param>
/// <param name="InvokedAt">No effect is earlier.</param>
/// <param name="ReturnedAt">No effect is later; <see cref="Never"/> where the outcome is unknown.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SearchOperation<TCall, TResult>(TCall Call, TResult Result, long InvokedAt, long ReturnedAt)
{
    public const long Never = long.MaxValue;

    /// <summary>Whether it certainly took effect, with a known answer.</summary>
    public bool HasReturned => ReturnedAt != Never;

    /// <summary>The same operation with less known of it: it may take effect at any time or never, with any answer.</summary>
    public SearchOperation<TCall, TResult> WithUnknownOutcome() => this with { ReturnedAt = Never };

    public static SearchOperation<TCall, TResult> From(HistoryOperation<TCall, TResult> operation) => new(
        operation.Call,
        operation.Result!,
        operation.InvokedAt.Ticks,
        operation.Outcome == OperationOutcome.Returned ? operation.EndedAt!.Value.Ticks : Never);
}
