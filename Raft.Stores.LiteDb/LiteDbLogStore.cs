using Raft.Stores.LiteDb.Runs;
using Raft.Stores.LiteDb.Writing;

namespace Raft.Stores.LiteDb;

/// <summary>The log of a <see cref="LiteDbStore"/>. Writes come one at a time, from one task; reads may come beside them.</summary>
internal sealed class LiteDbLogStore(StoreThread thread) : ILogStore, ICommitHint
{
    /// <inheritdoc/>
    public ulong FirstIndex => thread.FirstIndex;

    /// <inheritdoc/>
    public ulong LastIndex => thread.LastIndex;

    /// <inheritdoc/>
    public ulong KnownCommitIndex => thread.KnownCommitIndex;

    /// <inheritdoc/>
    public async ValueTask AppendAsync(LogAppend append)
    {
        RequireConsecutive(append);
        RunWriter.RequireRoom(append);
        foreach (LogAppend part in RunWriter.Parts(append))
        {
            await thread.WriteAsync((content, changes) =>
            {
                content.Writer.Append(part, changes);
                return true;
            });
        }
    }

    /// <inheritdoc/>
    public ValueTask TruncateSuffixAsync(ulong fromIndex) => LastIndex == 0 || fromIndex > LastIndex
        ? ValueTask.CompletedTask
        : new ValueTask(thread.WriteAsync((content, changes) => content.Writer.TruncateSuffix(fromIndex, changes), isTruncation: true));

    /// <inheritdoc/>
    public ValueTask TruncatePrefixAsync(ulong throughIndex) => LastIndex == 0 || throughIndex < FirstIndex
        ? ValueTask.CompletedTask
        : new ValueTask(thread.WriteAsync((content, changes) =>
        {
            content.Writer.TruncatePrefix(throughIndex, changes);
            return true;
        }, isTruncation: true));

    /// <inheritdoc/>
    public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax) =>
        new(thread.ReadAsync(fromIndex, throughIndex, bytesMax));

    private void RequireConsecutive(LogAppend append)
    {
        ulong next = LastIndex == 0 ? append.FirstIndex : LastIndex + 1;
        foreach (LogSlice slice in append.Slices)
        {
            Invariant.Require(slice.FirstIndex == next, "appending leaves no gap in the log");
            next = slice.LastIndex + 1;
        }
    }
}
