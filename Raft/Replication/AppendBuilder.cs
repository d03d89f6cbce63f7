using Raft.Core;

namespace Raft.Replication;

/// <summary>Makes the next request of entries to one follower, from memory or from the store. Owned by its replicator.</summary>
internal sealed class AppendBuilder(Leadership leadership, Peer peer)
{
    /// <summary>What the follower is not sent.</summary>
    public WithheldRestore Withheld { get; } = new(leadership, peer);

    private NodeState State => leadership.State;

    private RaftConfig Config => leadership.Config;

    /// <summary>Makes it.</summary>
    /// <returns>The request; null where the entries that it would have are let go of, or withheld.</returns>
    public async ValueTask<AppendEntriesRequest?> BuildAsync()
    {
        ulong next = peer.Progress.NextIndex;
        ulong previous = next - 1;
        ulong? previousTerm = State.Log.TermAt(previous);
        Invariant.Require(previousTerm is not null, "the log holds the entry before the next one to send");
        var entries = new List<LogSlice>(1);
        if (next <= State.Log.LastIndex && !await TryReadAsync(next, entries))
        {
            return null;
        }

        return Withheld.Holds(entries) ? null : new AppendEntriesRequest(State.Header)
        {
            Term = leadership.Term,
            Leader = State.LocalAddress,
            PreviousIndex = previous,
            PreviousTerm = previousTerm.Value,
            Entries = entries,
            LeaderCommitIndex = State.CommitIndex,
        };
    }

    private async ValueTask<bool> TryReadAsync(ulong next, List<LogSlice> entries)
    {
        int countMax = peer.IsOurs ? Config.Limits.AppendCountMax : Config.MaxAppendEntries;
        int bytesMax = Config.Limits.AppendBytesMax;
        if (State.Log.TryRead(next, ulong.MaxValue, countMax, bytesMax, entries))
        {
            return true;
        }

        try
        {
            entries.Add(new LogSlice(await State.Log.ReadStoreAsync(next, next + (ulong)countMax - 1, bytesMax)));
            return true;
        }
        catch (LogNotFoundException) when (next < State.Log.FirstIndex)
        {
            return false;
        }
        catch (Exception failure) when (!peer.Stopping.IsCancellationRequested && failure is not RaftFatalException)
        {
            // As long as this server leads, its log loses nothing but what a snapshot covers: what cannot be read is
            // lost. Once it does not, the entries may have been truncated, and nobody waits for them.
            throw new RaftFatalException($"The log cannot be read at entry {next}: {failure.Message}", failure);
        }
    }
}
