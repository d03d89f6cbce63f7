namespace Raft.Simulation.Linearizability;

/// <summary>Looks for values that were found in a register though no write can have put them there.</summary>
internal static class PhantomValues
{
    /// <summary>Goes through the history once.</summary>
    public static HistoryFault? Find(
        IReadOnlyList<RegisterOperation> operations, WrittenValues written, RegisterSpecification specification)
    {
        foreach (RegisterOperation operation in operations)
        {
            if (WrittenValues.Seen(operation).Found is not { } found || found == specification.InitialState(operation.Key))
            {
                continue;
            }

            WrittenValues.Writes writes = written.Of(operation.Key, found);
            if (writes.First is null || writes.First.InvokedAt > operation.EndedAt)
            {
                string lines = Lines(operation, writes, specification);
                return new HistoryFault(operation.Key, $"key \"{operation.Key}\": {Reason(found, writes)}:{lines}");
            }
        }

        return null;
    }

    private static string Reason(long found, in WrittenValues.Writes writes) => writes switch
    {
        { First: not null } => $"the value {found} was seen before any write of it began",
        { Rejected: not null } => $"the value {found} was seen, though its write is recorded as not having happened",
        _ => $"the value {found} was seen, though nothing ever wrote it",
    };

    private static string Lines(
        RegisterOperation reader, in WrittenValues.Writes writes, RegisterSpecification specification)
    {
        RegisterOperation?[] shown = [reader, writes.First ?? writes.Rejected];
        return string.Concat(shown.OfType<RegisterOperation>()
            .OrderBy(o => o.InvokedAt).Select(o => $"\n  {specification.Line(o)}"));
    }
}
