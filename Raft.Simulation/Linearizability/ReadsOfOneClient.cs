using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// Looks for a client to which a register went back: it saw a value, then another, then the first again, though that one
/// was written only once.
/// </summary>
internal static class ReadsOfOneClient
{
    /// <summary>Goes through the history once. A client's own acknowledged writes count as seen.</summary>
    public static HistoryFault? Find(
        IReadOnlyList<RegisterOperation> operations, WrittenValues written, RegisterSpecification specification)
    {
        var latest = new Dictionary<(int Client, string Key), View>();
        var seenBefore = new Dictionary<(int Client, string Key, long Value), RegisterOperation>();
        foreach (RegisterOperation operation in operations)
        {
            (long? found, long? left) = WrittenValues.Seen(operation);
            if (left is null)
            {
                continue;
            }

            ref View view = ref CollectionsMarshal.GetValueRefOrAddDefault(
                latest, (operation.Client, operation.Key), out bool exists);
            if (exists && operation.InvokedAt <= view.Operation.EndedAt)
            {
                // Two operations of one client at once: it is not known which of them saw the register first.
                continue;
            }

            foreach (long value in (ReadOnlySpan<long>)[found ?? left.Value, left.Value])
            {
                if (exists && value == view.Value)
                {
                    continue;
                }

                if (!seenBefore.TryAdd((operation.Client, operation.Key, value), operation)
                    && IsWrittenOnce(operation.Key, value, written, specification))
                {
                    RegisterOperation first = seenBefore[(operation.Client, operation.Key, value)];
                    return Fault(value, [first, view.Operation, operation], specification);
                }

                view = new View(value, operation);
                exists = true;
            }

            view = view with { Operation = operation };
        }

        return null;
    }

    private static bool IsWrittenOnce(string key, long value, WrittenValues written, RegisterSpecification specification) =>
        written.Of(key, value).Count + (value == specification.InitialState(key) ? 1 : 0) <= 1;

    private static HistoryFault Fault(
        long value, RegisterOperation[] sight, RegisterSpecification specification)
    {
        RegisterOperation again = sight[^1];
        string lines = string.Concat(sight.Distinct().Select(o => $"\n  {specification.Line(o)}"));
        return new HistoryFault(
            again.Key,
            $"key \"{again.Key}\": client {again.Client} saw the value {value}, then another, then {value} again, "
            + $"which was written only once:{lines}");
    }

    /// <summary>What a client has seen last.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct View(long Value, RegisterOperation Operation);
}
