using Raft.Fsm;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>
/// Reads entries for callers, beside the loop and on its scheduler: from memory, else from the store. What a caller
/// gets is one log, as it stood at some instant of the call.
/// </summary>
internal sealed class LogReader(RaftLog log, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>The most bytes of one answer; the first entry is always let through.</summary>
    private const int BytesMax = 16 << 20;

    /// <summary>Reads what the log holds of a range.</summary>
    /// <param name="fromIndex">The first index wanted.</param>
    /// <param name="throughIndex">The last index wanted.</param>
    /// <param name="countMax">The most entries.</param>
    /// <param name="future">Gets the entries; completed by the completion task.</param>
    /// <returns>False where the node is stopping.</returns>
    public bool TryRead(
        ulong fromIndex, ulong throughIndex, int countMax, RequestFuture<IReadOnlyList<LogEntry>> future) =>
        !tasks.Stopping.IsCancellationRequested
        && tasks.Start("reading entries for a caller", () => ReadAsync(fromIndex, throughIndex, countMax, future));

    private async Task ReadAsync(
        ulong fromIndex, ulong throughIndex, int countMax, RequestFuture<IReadOnlyList<LogEntry>> future)
    {
        try
        {
            var entries = new List<LogEntry>();
            await CollectAsync(entries, Math.Max(fromIndex, log.FirstIndex), throughIndex, countMax);

            // While the store was read, a new leader may have replaced what was read before.
            int same = entries.FindIndex(e => log.TermAt(e.Index) != e.Term);
            future.Succeed(same < 0 ? entries : entries[..same]);
        }
        catch (Exception failure)
        {
            // Damage in the store is told to the one who read it; the node finds it by itself where it needs the entry.
            future.Fail(failure);
        }

        completions.Add(future);
    }

    private async Task CollectAsync(List<LogEntry> entries, ulong next, ulong throughIndex, int countMax)
    {
        var slices = new List<LogSlice>();
        long bytes = 0;
        while (entries.Count < countMax && bytes < BytesMax && log.Holds(next) && next <= throughIndex)
        {
            slices.Clear();
            int bytesLeft = (int)(BytesMax - bytes);
            if (!log.TryRead(next, throughIndex, countMax - entries.Count, bytesLeft, slices))
            {
                ulong through = Math.Min(throughIndex, next + (ulong)(countMax - entries.Count) - 1);
                try
                {
                    slices.Add(new LogSlice(await log.ReadStoreAsync(next, through, bytesLeft)));
                }
                catch (LogNotFoundException)
                {
                    // Truncated while it was read: the log ends before.
                    return;
                }
            }

            foreach (LogSlice slice in slices)
            {
                for (int i = 0; i < slice.Count && entries.Count < countMax; i++)
                {
                    entries.Add(slice[i]);
                    next = slice[i].Index + 1;
                }

                bytes += slice.Encoded.Length;
            }
        }
    }
}
