using Raft.Mutations;

namespace Raft.Core;

/// <summary>What a follower does with the entries of a leader whose term is its own.</summary>
internal enum AppendVerdict
{
    /// <summary>The log holds the entry before the first: what follows can be taken.</summary>
    Accept,

    /// <summary>The log holds no entry there, or one of another term: the leader must go further back.</summary>
    Mismatch,
}

/// <summary>How a follower's log and a leader's entries go together (§5.3). Pure.</summary>
internal static class AppendEntriesRules
{
    /// <summary>Whether the entries can follow on the log.</summary>
    /// <param name="previousIndex">The index before the first entry.</param>
    /// <param name="termAtPrevious">The log's term there; null where it is not known.</param>
    /// <param name="previousTerm">The leader's term there.</param>
    /// <param name="coveredIndex">
    /// What is covered by a snapshot and not held any more: it is committed, so the log of every leader to come agrees.
    /// </param>
    public static AppendVerdict Check(
        ulong previousIndex, ulong? termAtPrevious, ulong previousTerm, ulong coveredIndex) =>
        termAtPrevious == previousTerm || (termAtPrevious is null && previousIndex <= coveredIndex)
            ? AppendVerdict.Accept : AppendVerdict.Mismatch;

    /// <summary>
    /// The first of a leader's entries that the log does not hold: it is beyond the last, or stands there with another
    /// term. Duplicates before it are left alone, and so is what stands behind them (§5.3 step 3).
    /// </summary>
    /// <param name="slices">The leader's entries.</param>
    /// <param name="termAt">The log's term at an index; null where it holds none.</param>
    /// <param name="coveredIndex">What is covered by a snapshot and not held any more.</param>
    /// <param name="mutation">The bug planted here; none in production.</param>
    /// <returns>The index, or null where the log holds them all.</returns>
    public static ulong? FirstNew(
        IReadOnlyList<LogSlice> slices, Func<ulong, ulong?> termAt, ulong coveredIndex = 0,
        Mutation mutation = Mutation.None)
    {
        foreach (LogSlice slice in slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                ulong index = slice.FirstIndex + (ulong)i;

                // Of what is covered only the snapshot's last entry is known by its term. In Raft it agrees with every leader;
                // not so with one that was recovered from another log (docs/recovery.md), which is found out here.
                ulong? term = termAt(index);
                if ((index > coveredIndex || term is not null)
                    && (term != slice.Batch.TermAt(slice.Start + i) || mutation == Mutation.TruncateWithoutCheck))
                {
                    return index;
                }
            }
        }

        return null;
    }

    /// <summary>What a follower may commit: never beyond the last entry that this request proved to match (W9).</summary>
    /// <param name="leaderCommitIndex">The leader's commit index.</param>
    /// <param name="lastProvenIndex">The previous index plus the number of entries in the request.</param>
    /// <returns>The commit index that follows.</returns>
    public static ulong CommitIndex(ulong leaderCommitIndex, ulong lastProvenIndex) =>
        Math.Min(leaderCommitIndex, lastProvenIndex);
}
