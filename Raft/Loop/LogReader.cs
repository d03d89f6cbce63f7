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
    /// <returns>A future that is completed by the completion task.</returns>
    public RequestFuture<IReadOnlyList<LogEntry>> Read(ulong fromIndex, ulong throughIndex, int countMax)
    {
        var future = new RequestFuture<IReadOnlyList<LogEntry>>();
        tasks.Start("reading entries for a caller", () => ReadAsync(fromIndex, throughIndex, countMax, future));
        return future;
    }

    private async Task ReadAsync(
        ulong fromIndex, ulong throughIndex, int countMax, RequestFuture<IReadOnlyList<LogEntry>> future)
    {
        try
        {
            future.Succeed(await CollectAsync(Math.Max(fromIndex, log.FirstIndex), throughIndex, countMax));
        }
        catch (Exception failure)
        {
            // Damage in the store is told to the one who read it; the node finds it by itself where it needs the entry.
            future.Fail(failure);
        }

        completions.Add(future);
    }

    private async Task<List<LogEntry>> CollectAsync(ulong fromIndex, ulong throughIndex, int countMax)
    {
        var entries = new List<LogEntry>();
        var slices = new List<LogSlice>();
        long bytes = 0;
        ulong next = fromIndex;
        while (entries.Count < countMax && bytes < BytesMax && log.Holds(next) && next <= throughIndex)
        {
            slices.Clear();
            int bytesLeft = (int)(BytesMax - bytes);
            if (!log.TryRead(next, throughIndex, countMax - entries.Count, bytesLeft, slices))
            {
                ulong through = Math.Min(throughIndex, next + (ulong)(countMax - entries.Count) - 1);
                slices.Add(new LogSlice(await log.ReadStoreAsync(next, through, bytesLeft)));
            }

            foreach (LogSlice slice in slices)
            {
                for (int i = 0; i < slice.Count && entries.Count < countMax; i++)
                {
                    // While the store was read, a new leader may have replaced what stood there.
                    if (log.TermAt(slice[i].Index) != slice[i].Term)
                    {
                        return entries;
                    }

                    entries.Add(slice[i]);
                    next = slice[i].Index + 1;
                }

                bytes += slice.Encoded.Length;
            }
        }

        return entries;
    }
}
