namespace Raft.Simulation.Linearizability;

/// <summary>
/// Makes all values alike that no operation of a key tells apart from others: nobody read them and nobody expected them.
/// Of their writes with unknown outcome the search then needs to try only one at a time.
/// </summary>
internal static class UnseenValues
{
    /// <summary>Stands for all of them. That nobody looks for it is ensured before it is used.</summary>
    private const long Unseen = long.MinValue;

    /// <summary>Replaces them in all operations of one key.</summary>
    public static void Unify(Span<SearchOperation<RegisterCall, long>> operations)
    {
        var seen = new HashSet<long>();
        foreach (ref readonly SearchOperation<RegisterCall, long> operation in operations)
        {
            if (operation.Call.Kind != RegisterCallKind.Put)
            {
                seen.Add(operation.Call.Kind == RegisterCallKind.Get ? operation.Result : operation.Call.Expected);
            }
        }

        if (seen.Contains(Unseen))
        {
            return;
        }

        foreach (ref SearchOperation<RegisterCall, long> operation in operations)
        {
            if (operation.Call.Kind != RegisterCallKind.Get && !seen.Contains(operation.Call.Value))
            {
                operation = operation with { Call = operation.Call.WithValue(Unseen) };
            }
        }
    }
}
