using Raft.Fsm;
using Raft.Observability;
using Raft.Roles;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>
/// Replaces the state of the whole cluster, for a caller: puts the new state into the log, piece by piece, as entries
/// that no state machine takes, and then the one at which every server lets its state give way. So it is committed,
/// replicated, truncated and caught up with like all else in the log. Runs beside the loop, where user code may.
/// </summary>
internal sealed class RestoreClient(
    LoopInbox inbox, CompletionRunner completions, NodeClock clock, TaskGroup tasks, TimeMeter meter)
{
    private const int PieceBytes = 64 << 10;
    private const int PiecesInFlightMax = 16;

    /// <summary>The pause before an entry is appended that was refused for now.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>Begins.</summary>
    /// <param name="snapshot">The new state.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <param name="timeout">How long each entry may wait for a place in the apply queue.</param>
    /// <param name="future">The caller; completed by the completion task.</param>
    /// <returns>False where the node is stopping.</returns>
    public bool TryBegin(Stream snapshot, long size, TimeSpan timeout, RequestFuture<ApplyResult> future) =>
        !tasks.Stopping.IsCancellationRequested
        && tasks.Start("restoring a user's snapshot", () => RunAsync(snapshot, size, timeout, future));

    private async Task RunAsync(Stream snapshot, long size, TimeSpan timeout, RequestFuture<ApplyResult> future)
    {
        TimeSpan? began = meter.Begin();
        try
        {
            future.Succeed(await RestoreAsync(snapshot, size, timeout));
        }
        catch (Exception failure)
        {
            future.Fail(failure);
        }

        meter.End(began);
        completions.Add(future);
    }

    private async Task<ApplyResult> RestoreAsync(Stream snapshot, long size, TimeSpan timeout)
    {
        ulong begin = (await Append(RestoreEntryKind.Begin, 0, 0, default, timeout)).Index;
        bool isAtEnd = false;
        try
        {
            await AppendPiecesAsync(snapshot, size, begin, timeout);
            isAtEnd = true;
            return await Append(RestoreEntryKind.End, begin, size, default, timeout);
        }
        catch (Exception failure) when (!isAtEnd || IsForNow(failure))
        {
            tasks.Start("giving up a restore", () => AbandonAsync(begin));
            throw;
        }
    }

    /// <summary>
    /// Ends a restore that was begun: until this is applied, or another leader's first entry, no server takes a snapshot. So it
    /// is tried as long as this server leads.
    /// </summary>
    private async Task AbandonAsync(ulong begin)
    {
        for (bool isOver = false; !isOver;)
        {
            try
            {
                await Append(RestoreEntryKind.Abandon, begin, 0, default, Timeout.InfiniteTimeSpan);
                isOver = true;
            }
            catch (RaftException failure) when (IsForNow(failure))
            {
                await Task.Delay(RetryAfter, clock.Provider, tasks.Stopping);
            }
            catch (RaftException)
            {
                // This server leads no more, or ends.
                isOver = true;
            }
        }
    }

    /// <summary>Whether nothing was appended, and the same server may take it soon.</summary>
    private static bool IsForNow(Exception failure) =>
        failure is EnqueueTimeoutException or LeadershipTransferInProgressException;

    private async Task AppendPiecesAsync(Stream snapshot, long size, ulong begin, TimeSpan timeout)
    {
        var inFlight = new Queue<Task<ApplyResult>>();
        long read = 0;
        while (true)
        {
            byte[] piece = new byte[PieceBytes];
            int count = await FillAsync(snapshot, piece);
            read += count;
            if (read > size || (read < size && count < PieceBytes))
            {
                throw new ArgumentException(
                    $"The snapshot was said to have {size} bytes, but it has {(read > size ? "more" : $"{read}")}. Nothing was changed.");
            }

            if (count > 0)
            {
                inFlight.Enqueue(Append(RestoreEntryKind.Piece, begin, 0, piece.AsMemory(0, count), timeout));
            }

            while (inFlight.Count > (count < PieceBytes ? 0 : PiecesInFlightMax))
            {
                await inFlight.Dequeue();
            }

            if (count < PieceBytes)
            {
                return;
            }
        }
    }

    private async Task<int> FillAsync(Stream snapshot, byte[] piece)
    {
        int filled = 0;
        try
        {
            for (int read = -1; read != 0 && filled < piece.Length; filled += read)
            {
                read = await snapshot.ReadAsync(piece.AsMemory(filled), tasks.Stopping);
            }
        }
        catch (OperationCanceledException cancelled) when (tasks.Stopping.IsCancellationRequested)
        {
            throw new RaftShutdownException("The node was stopped before the snapshot was read. Nothing was changed.", cancelled);
        }

        return filled;
    }

    /// <exception cref="RaftException">It has no place in the queue. Not in the task: nobody may come for a piece's outcome.</exception>
    private Task<ApplyResult> Append(
        RestoreEntryKind kind, ulong begin, long size, ReadOnlyMemory<byte> data, TimeSpan timeout)
    {
        var entry = new ApplyTask(LogType.Noop, data, new RestoreEntry(kind, begin, size).Encode());
        switch (inbox.Applies.Add(entry, timeout))
        {
            case ApplyQueue.Entry.Taken:
                inbox.Wake.Set();
                return entry.Task;
            case ApplyQueue.Entry.Full:
                throw new EnqueueTimeoutException(
                    "Too many callers wait for a place in the apply queue already. Nothing was changed: try again later.");
            default:
                throw new RaftShutdownException("The node was stopped. Nothing was changed.");
        }
    }
}
