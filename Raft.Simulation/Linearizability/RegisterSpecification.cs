using Raft.Simulation.Linearizability;

namespace Raft.Simulation;

/// <summary>Registers with get, put and compare-and-swap: a key-value store, key by key.</summary>
/// <param name="initialValues">What keys hold at first. A key that is not named holds 0: no value.</param>
public sealed class RegisterSpecification(IReadOnlyDictionary<string, long>? initialValues = null)
    : SequentialSpecification<long, RegisterCall, long>
{
    /// <inheritdoc/>
    public override long InitialState(string key) => initialValues?.GetValueOrDefault(key) ?? 0;

    /// <inheritdoc/>
    public override (long State, long Result) Apply(long state, RegisterCall call) => call.Kind switch
    {
        RegisterCallKind.Get => (state, state),
        RegisterCallKind.Put => (call.Value, 0),
        _ => state == call.Expected ? (call.Value, 1) : (state, 0),
    };

    /// <inheritdoc/>
    public override bool IsRead(RegisterCall call) => call.Kind == RegisterCallKind.Get;

    /// <inheritdoc/>
    public override string Describe(RegisterCall call, long result) => call.Kind switch
    {
        RegisterCallKind.Get => result == 0 ? $"{call} -> none" : $"{call} -> {result}",
        RegisterCallKind.Put => call.ToString(),
        _ => result == 0 ? $"{call} -> no" : $"{call} -> swapped",
    };

    internal override HistoryFault? FindFault(IReadOnlyList<RegisterOperation> operations)
    {
        var written = new WrittenValues(operations);
        return PhantomValues.Find(operations, written, this) ?? ReadsOfOneClient.Find(operations, written, this);
    }

    internal override bool ChangedNothing(RegisterCall call, long result) =>
        call.Kind == RegisterCallKind.Get || (call.Kind == RegisterCallKind.CompareAndSwap && result == 0);

    internal override void Simplify(Span<SearchOperation<RegisterCall, long>> operations) => UnseenValues.Unify(operations);
}
