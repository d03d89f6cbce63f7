namespace Raft.Core;

/// <summary>
/// What became of an entry that was appended somewhere at an index in a term, by what is committed. Pure. All of it follows from
/// this: the terms along a log only grow, and every leader has what is committed (§5.4).
/// </summary>
internal static class FateRules
{
    /// <summary>Decides.</summary>
    /// <param name="index">Where it was appended.</param>
    /// <param name="term">The term it was appended in.</param>
    /// <param name="committed">An index that is committed, and held or covered here.</param>
    /// <param name="termAt">The terms of entries; null for one that is neither held nor the last that a snapshot covers.</param>
    /// <param name="coveredIndex">The last entry that a snapshot covers in place of the log.</param>
    /// <returns>Its fate; null where it is open as yet.</returns>
    public static CommandFate? Decide(ulong index, ulong term, ulong committed, Func<ulong, ulong?> termAt, ulong coveredIndex)
    {
        if (index > committed)
        {
            // Behind a committed entry of a newer term stands none of this one.
            return termAt(committed) > term ? CommandFate.NotDone : null;
        }

        if (termAt(index) is { } present)
        {
            return present == term ? CommandFate.Done : CommandFate.NotDone;
        }

        // Covered: what stands there is of the term of the last covered entry, or of one before.
        return termAt(coveredIndex) < term ? CommandFate.NotDone : CommandFate.Unknown;
    }
}
