using System.Globalization;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Stopped;

/// <summary><c>raftkv log diff</c>: where the logs of two stopped nodes disagree, and what each lacks.</summary>
internal static class LogComparison
{
    /// <summary>Compares, and prints what was found.</summary>
    /// <param name="directory">The data directory of one node.</param>
    /// <param name="other">That of the other.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="errors">Where it is told that one of them is damaged.</param>
    /// <returns>The exit code: 0 where they agree as far as both reach, 1 where they differ, 3 where one is damaged.</returns>
    /// <exception cref="StoreException">A directory is refused.</exception>
    public static async Task<int> RunAsync(string directory, string other, TextWriter output, TextWriter errors)
    {
        await using StoppedNode one = await StoppedNode.OpenAsync(directory);
        await using StoppedNode two = await StoppedNode.OpenAsync(other);
        foreach (StoppedNode node in new[] { one, two })
        {
            await output.WriteLineAsync($"{node.Directory}: {await NodeText.SummaryAsync(node)}");
        }

        await PrintLacksAsync(one, two, output);
        await PrintLacksAsync(two, one, output);
        LogDifference? difference = await LogDifference.FindAsync(one.Log, two.Log);
        await output.WriteLineAsync(difference is { } found ? Text(found, one, two) : SameText(one, two));
        foreach (string damage in one.Damage.Concat(two.Damage))
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv log diff: damaged: {damage}"));
        }

        return one.Damage.Count + two.Damage.Count > 0 ? ExitCodes.Store : difference is null ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static async Task PrintLacksAsync(StoppedNode node, StoppedNode other, TextWriter output)
    {
        (ulong first, ulong last) = (node.Log.FirstIndex, node.Log.LastIndex);
        ulong covered = node.Snapshots.Kept is [var newest, ..] ? newest.Index : 0;
        if (other.Log.LastIndex != 0 && (last == 0 || other.Log.FirstIndex < first))
        {
            ulong end = last == 0 ? other.Log.LastIndex : Math.Min(first - 1, other.Log.LastIndex);
            string why = covered >= end ? ", which its snapshot covers"
                : covered >= other.Log.FirstIndex ? string.Create(CultureInfo.InvariantCulture, $", of which its snapshot covers those up to {covered}") : "";
            await output.WriteLineAsync($"{node.Directory} lacks {NodeText.Range(other.Log.FirstIndex, end)}{why}");
        }

        if (last != 0 && other.Log.LastIndex > last)
        {
            await output.WriteLineAsync(
                $"{node.Directory} lacks {NodeText.Range(Math.Max(last + 1, other.Log.FirstIndex), other.Log.LastIndex)} at its end");
        }
    }

    private static string Text(LogDifference found, StoppedNode one, StoppedNode two)
    {
        string what = found.Term == found.OtherTerm
            ? string.Create(CultureInfo.InvariantCulture, $"term {found.Term} in both, and other bytes: one of them is damaged, or they are of two clusters")
            : string.Create(CultureInfo.InvariantCulture, $"of term {found.Term} in {one.Directory}, of term {found.OtherTerm} in {two.Directory}");
        StoppedNode[] knowing = [.. new[] { one, two }.Where(n => n.KnownCommitIndex >= found.Index)];
        string meaning = knowing switch
        {
            [] => string.Create(
                CultureInfo.InvariantCulture,
                $"above what either knows to be committed ({Math.Max(one.KnownCommitIndex, two.KnownCommitIndex)}), as logs may differ until a leader settles it"),
            [var knows] => $"{knows.Directory} knows its own to be committed, and the other gives way when it hears a leader",
            _ => "both know their own to be committed, which cannot be: one of them is damaged, they are of two clusters, or were recovered apart",
        };
        return string.Create(CultureInfo.InvariantCulture, $"they differ first at entry {found.Index}: {what}; {meaning}");
    }

    private static string SameText(StoppedNode one, StoppedNode two)
    {
        ulong first = Math.Max(one.Log.FirstIndex, two.Log.FirstIndex);
        ulong last = Math.Min(one.Log.LastIndex, two.Log.LastIndex);
        return last == 0 || first > last
            ? "they have no entry in common that could be compared"
            : string.Create(CultureInfo.InvariantCulture, $"they agree in all that both hold, entries {first}..{last}");
    }
}
