using Raft.Core;
using Raft.Fsm;
using Raft.Membership;
using Raft.Roles;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>What tasks beside the loop see of the members, and how they change them.</summary>
internal sealed class MemberPort(LoopInbox inbox, LiveConfig settings, NodeClock clock, TaskGroup tasks)
{
    private static readonly TimeSpan PauseLeast = TimeSpan.FromMilliseconds(1);

    /// <summary>How the node stands.</summary>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<RaftStatus> LookAsync()
    {
        var request = new StatusRequest<RaftStatus>(static status => status);
        try
        {
            RaftStatus status = inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
            return status.State != RaftState.Shutdown ? status : throw new OperationCanceledException();
        }
        catch (RaftShutdownException stopped)
        {
            throw new OperationCanceledException("The node was stopped.", stopped);
        }
    }

    /// <summary>
    /// Changes the members, on the leader, if nobody has since they were looked at, and soon: by what was seen long ago nobody is given a
    /// vote, nor removed.
    /// </summary>
    /// <param name="change">The change.</param>
    /// <param name="seen">How the leader stood by which the change was decided.</param>
    /// <returns>The change's entry, committed.</returns>
    /// <exception cref="ConfigurationChangeException">The members are others by now, or no cluster can run on the result.</exception>
    /// <exception cref="EnqueueTimeoutException">An earlier change was not committed within an election timeout.</exception>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<ApplyResult> ChangeAsync(ConfigurationChange change, RaftStatus seen)
    {
        var request = new ChangeRequest(change, seen.ConfigurationIndex, settings.Current.ElectionTimeout);
        return inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
    }

    /// <summary>
    /// Appends an entry, and waits for an election timeout until some servers hold it: heartbeats are answered by a server too whose
    /// disk hangs, or whose log is far behind. That it is committed is not waited for, and no configuration is written: others must be
    /// able to change the members of a cluster that can commit nothing.
    /// </summary>
    /// <param name="isHeld">Whether those that are needed hold the entry at an index.</param>
    /// <returns>How the leader stands then; null where they do not hold it in time.</returns>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<RaftStatus?> ProveAsync(Func<RaftStatus, ulong, bool> isHeld)
    {
        TimeSpan patience = settings.Current.ElectionTimeout;
        TimeSpan began = clock.Now;
        var entry = new ApplyTask(LogType.Barrier, default);
        if (inbox.Applies.Add(entry, patience) != ApplyQueue.Entry.Taken)
        {
            return null;
        }

        inbox.Wake.Set();
        _ = ObserveAsync(entry.Task);
        while (true)
        {
            RaftStatus status = await LookAsync();
            if (entry.Index > 0 && isHeld(status, entry.Index))
            {
                return status;
            }

            if (status.State != RaftState.Leader || clock.Now - began > patience)
            {
                return null;
            }

            await PauseAsync();
        }
    }

    /// <summary>Waits until it is worth looking again.</summary>
    public Task PauseAsync()
    {
        TimeSpan pause = settings.Current.HeartbeatTimeout / 10;
        return Task.Delay(pause < PauseLeast ? PauseLeast : pause, clock.Provider, tasks.Stopping);
    }

    private static async Task ObserveAsync(Task entry)
    {
        try
        {
            await entry;
        }
        catch (RaftException)
        {
            // Whether it was committed says nothing that was not seen.
        }
    }
}
