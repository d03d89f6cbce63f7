using Raft.Simulation.Linearizability;

namespace Raft.Simulation;

/// <summary>
/// What an object does when its operations come one after the other: the measure of <see cref="LinearizabilityChecker"/>.
/// Usually a few lines, which say what the replicated state machine should do for one key.
/// </summary>
/// <typeparam name="TState">The state of one object. Immutable, and comparable by <see cref="StateComparer"/>.</typeparam>
/// <typeparam name="TCall">What is asked for. Equal calls do the same.</typeparam>
/// <typeparam name="TResult">What is answered, comparable by <see cref="ResultComparer"/>.</typeparam>
public abstract class SequentialSpecification<TState, TCall, TResult>
    where TState : notnull
    where TCall : notnull
{
    /// <summary>How states are compared: by their own <c>Equals</c> and <c>GetHashCode</c> unless overridden.</summary>
    public virtual IEqualityComparer<TState> StateComparer => EqualityComparer<TState>.Default;

    /// <summary>How the answer a client saw is compared with the right one: by <c>Equals</c> unless overridden.</summary>
    public virtual IEqualityComparer<TResult> ResultComparer => EqualityComparer<TResult>.Default;

    /// <summary>The state of an object before its first operation.</summary>
    public abstract TState InitialState(string key);

    /// <summary>Does one operation. A pure function, since the search calls it for orders that never were.</summary>
    /// <param name="state">The state that the operation finds, which must stay as it is.</param>
    /// <param name="call">What is asked for.</param>
    /// <returns>The state that the operation leaves, and its right answer.</returns>
    public abstract (TState State, TResult Result) Apply(TState state, TCall call);

    /// <summary>Whether a call never changes any state. Reads of unknown outcome are left out of the check.</summary>
    public virtual bool IsRead(TCall call) => false;

    /// <summary>An operation and its answer as they stand in an explanation.</summary>
    public virtual string Describe(TCall call, TResult result) => $"{call} -> {result}";

    /// <summary>Looks for what can be seen without a search.</summary>
    /// <returns>Why the history cannot be, and on which key; null where nothing is seen.</returns>
    internal virtual HistoryFault? FindFault(IReadOnlyList<HistoryOperation<TCall, TResult>> operations) => null;

    /// <summary>Whether a call that was answered like this left the state as it was, whatever it was.</summary>
    internal virtual bool ChangedNothing(TCall call, TResult result) => IsRead(call);

    /// <summary>Replaces one key's operations by ones that are easier to search and linearizable just when these are.</summary>
    internal virtual void Simplify(Span<SearchOperation<TCall, TResult>> operations)
    {
    }
}
