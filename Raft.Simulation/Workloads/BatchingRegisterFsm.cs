namespace Raft.Simulation.Workloads;

/// <summary>The registers once more, taking several entries at once, those among them that change members too.</summary>
internal sealed class BatchingRegisterFsm : RegisterFsm, IBatchingFsm
{
    /// <inheritdoc/>
    public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            responses[i] = entries[i].Type == LogType.Command ? Apply(entries[i]) : null;
        }
    }
}
