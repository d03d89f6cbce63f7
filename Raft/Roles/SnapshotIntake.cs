using Raft.Core;
using Raft.Fsm;
using Raft.Observability;
using Raft.Snapshots;
using Raft.Storage;

namespace Raft.Roles;

/// <summary>What durable snapshots mean for the log: the loop alone swaps them in, and lets go of what they cover (§7).</summary>
internal sealed class SnapshotIntake(RoleContext context)
{
    /// <summary>Takes over snapshots that are durable by now.</summary>
    /// <returns>The end of the role, where the snapshot is its leader's.</returns>
    public RoleChange? Take()
    {
        while (context.Inbox.Snapshots.TryPeek(out object? news))
        {
            if (news is ReceivedSnapshot { Request: { } request } && request.Term == context.State.Term
                && context.State.Role == RaftState.Candidate)
            {
                // The leader of this term has sent it: whoever asks for votes has to follow first, as with any request.
                return new RoleChange(RaftState.Follower, $"{request.Header.Id} leads");
            }

            context.Inbox.Snapshots.TryRead(out _);
            if (news is TakenSnapshot taken)
            {
                Take(taken);
            }
            else
            {
                Take((ReceivedSnapshot)news);
            }
        }

        return null;
    }

    /// <summary>Lets go of entries that a snapshot covers and nobody needs.</summary>
    /// <param name="pinnedFrom">The first entry that must stay for a follower; the maximum where none must.</param>
    public void Compact(ulong pinnedFrom)
    {
        if (!context.State.IsCompactionDue)
        {
            return;
        }

        RaftLog log = context.State.Log;
        if (pinnedFrom <= log.SnapshotIndex)
        {
            // A follower needs some of it for a while; then all goes at once.
            return;
        }

        context.State.IsCompactionDue = false;
        ulong through = CompactionRules.ThroughIndex(log.SnapshotIndex, log.LastIndex, context.Config.TrailingLogs);
        if (through >= log.FirstIndex)
        {
            context.Logger.LogCompacted(context.State.LocalId, log.FirstIndex, through);
            log.Compact(through);
        }
    }

    private void Take(TakenSnapshot taken)
    {
        try
        {
            context.State.TakeSnapshot(taken.Snapshot);
            if (context.Config.NoSnapshotRestoreOnStart)
            {
                context.Writer.SaveOwnSnapshot(taken.Snapshot.Id);
            }
        }
        finally
        {
            taken.Noted.SetResult();
        }
    }

    private void Take(ReceivedSnapshot received)
    {
        if (context.Dispatcher.Take(received) is not { } snapshot)
        {
            context.Receiver.Close(received.Source);
            return;
        }

        foreach (ApplyFuture lost in context.Feeder.Restore(snapshot))
        {
            context.Completions.Add(lost.Fail(new LeadershipLostException(
                $"Entry {lost.Index} was committed, but {context.State.LocalId} lost its leadership and was sent a snapshot "
                + "before it applied the entry: the state machine's answer is not known.",
                lost.Index, lost.Term)));
        }
    }
}
