namespace Raft.Testing.Contracts;

/// <summary>Something that a node asks of a state machine that keeps its own state.</summary>
/// <param name="At">What the state machine has behind it.</param>
/// <param name="Entry">The entry that it is given; the default where it is restored.</param>
/// <param name="Snapshot">What it is restored from; null where it is given an entry.</param>
internal sealed record DurableStep(AppliedPoint At, LogEntry Entry, byte[]? Snapshot)
{
    /// <summary>Asks it.</summary>
    public async Task TakeAsync(IDurableFsm fsm)
    {
        if (Snapshot is null)
        {
            fsm.Apply(Entry);
            return;
        }

        using var stream = new MemoryStream(Snapshot, writable: false);
        await fsm.RestoreAsync(stream, At, CancellationToken.None);
    }
}
