using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>Who may have written which value to which register.</summary>
internal sealed class WrittenValues
{
    private readonly Dictionary<(string Key, long Value), Writes> _writes = [];

    public WrittenValues(IReadOnlyList<RegisterOperation> operations)
    {
        foreach (RegisterOperation operation in operations)
        {
            if (operation.Call.Kind != RegisterCallKind.Get && !HasFailed(operation))
            {
                ref Writes writes = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    _writes, (operation.Key, operation.Call.Value), out _);
                writes = writes.With(operation);
            }
        }
    }

    /// <summary>The writes of a value; none of a value that was never written.</summary>
    public Writes Of(string key, long value) => _writes.GetValueOrDefault((key, value));

    /// <summary>What an operation found in the register and what it left there; null where it does not tell.</summary>
    public static (long? Found, long? Left) Seen(RegisterOperation operation) =>
        operation.Outcome != OperationOutcome.Returned ? (null, null) : operation.Call.Kind switch
        {
            RegisterCallKind.Get => (operation.Result, operation.Result),
            RegisterCallKind.Put => (null, operation.Call.Value),
            _ => operation.Result == 1 ? (operation.Call.Expected, operation.Call.Value) : (null, null),
        };

    private static bool HasFailed(RegisterOperation operation) =>
        operation.Call.Kind == RegisterCallKind.CompareAndSwap
        && operation.Outcome == OperationOutcome.Returned && operation.Result == 0;

    /// <summary>The writes of one value to one register.</summary>
    /// <param name="Count">How many may have happened.</param>
    /// <param name="First">Of these, the one invoked first.</param>
    /// <param name="Rejected">One that is recorded as not having happened.</param>
    public readonly record struct Writes(
        int Count, RegisterOperation? First, RegisterOperation? Rejected)
    {
        public Writes With(RegisterOperation write)
        {
            if (write.Outcome == OperationOutcome.DidNotHappen)
            {
                return this with { Rejected = write };
            }

            bool isFirst = First is null || write.InvokedAt < First.InvokedAt;
            return this with { Count = Count + 1, First = isFirst ? write : First };
        }
    }
}
