namespace Raft.Simulation.Workloads;

/// <summary>The counters once more, taking several entries at once.</summary>
internal sealed class BatchingCounterFsm : CounterFsm, IBatchingFsm
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
