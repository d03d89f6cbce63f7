namespace Raft;

/// <summary>A state machine that takes several committed entries in one call.</summary>
public interface IBatchingFsm : IFsm
{
    /// <summary>
    /// Applies committed entries in order: commands, and configurations, which it may ignore; at most
    /// <see cref="RaftConfig.MaxAppendEntries"/>.
    /// </summary>
    /// <param name="entries">The entries, lowest index first.</param>
    /// <param name="responses">As long as <paramref name="entries"/>; filled with the answers for the callers.</param>
    void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses);
}
