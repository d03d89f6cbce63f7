using Raft.Core;
using Raft.Fsm;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>Finds out what became of commands whose place in the log is known, from what is committed and stands here.</summary>
internal sealed class FateResolver(
    RaftLog log, ReadRouter reads, LiveConfig settings, NodeClock clock, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Begins.</summary>
    /// <returns>False after the node was stopped.</returns>
    public bool TryBegin(ulong index, ulong term, RequestFuture<CommandFate> future) =>
        !tasks.Stopping.IsCancellationRequested
        && tasks.Start($"fate of entry {index}", () => ResolveAsync(index, term, future));

    private async Task ResolveAsync(ulong index, ulong term, RequestFuture<CommandFate> future)
    {
        try
        {
            CommandFate? fate = null;
            while (fate is null && !future.Task.IsCompleted)
            {
                ulong committed = await ReadIndexAsync();
                fate = FateRules.Decide(index, term, committed, log.TermAt, log.FirstIndex - 1);
                if (fate is null)
                {
                    // The leader of that very term still leads: it commits the entry soon, or ends.
                    await Task.Delay(settings.Current.HeartbeatTimeout / 10, clock.Provider, tasks.Stopping);
                }
            }

            future.Succeed(fate ?? CommandFate.Unknown);
        }
        catch (OperationCanceledException)
        {
            future.Fail(new RaftShutdownException("The node was stopped."));
        }
        catch (RaftException failure)
        {
            future.Fail(failure);
        }

        completions.Add(future);
    }

    private Task<ulong> ReadIndexAsync()
    {
        var read = new RequestFuture<ulong>();
        return reads.TryAdd(ReadConsistency.Linearizable, new FsmRead<ulong>(static applied => applied, read))
            ? read.Task
            : Task.FromException<ulong>(new RaftShutdownException("The node was stopped."));
    }
}
