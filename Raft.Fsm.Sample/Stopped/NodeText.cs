using System.Globalization;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stopped;

/// <summary>What a stopped node holds, in words for the operator.</summary>
internal static class NodeText
{
    /// <summary>All of it in a line.</summary>
    public static async Task<string> SummaryAsync(StoppedNode node)
    {
        TermAndVote? record = await node.Stable.LoadAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{node.Kind} store, {Range(node.Log.FirstIndex, node.Log.LastIndex)}, {(object?)record ?? "no term"}, known to be committed up to "
            + $"{node.KnownCommitIndex}");
    }

    /// <summary>Some entries.</summary>
    public static string Range(ulong first, ulong last) =>
        last == 0 ? "no entries" : string.Create(CultureInfo.InvariantCulture, $"entries {first}..{last}");

    /// <summary>A snapshot.</summary>
    public static string Of(SnapshotMeta snapshot) => string.Create(
        CultureInfo.InvariantCulture,
        $"up to entry {snapshot.Index} of term {snapshot.Term}, {snapshot.Size} bytes, members {snapshot.Point.Configuration} of entry "
        + $"{snapshot.Point.ConfigurationIndex}");

    /// <summary>What is torn at a log's end, what may be missing if it is damage, and what speaks for that.</summary>
    /// <param name="tail">What is torn.</param>
    /// <param name="lastIndex">The log's last entry.</param>
    /// <param name="knownCommitIndex">Up to where the entries are known to be committed.</param>
    public static string Of(WalTornTail tail, ulong lastIndex, ulong knownCommitIndex)
    {
        string lost = tail.LastIndex == 0 ? "what was in it cannot be told, and stood behind entry " + lastIndex.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"entries {tail.FirstIndex}..{tail.LastIndex}");
        string known = tail.LastIndex == 0 || knownCommitIndex < tail.FirstIndex
            ? string.Create(CultureInfo.InvariantCulture, $"all up to {knownCommitIndex}, which is known to be committed, is there")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"a snapshot covers entries up to {knownCommitIndex}, so that of these none is missing, and it is likelier damage than a crash");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"torn tail: {tail.Path}, offset {tail.Offset}: a group was begun here and is not whole. It is taken for what a crash leaves of a write "
            + $"that was never acknowledged, and a start cuts it off. If it was whole once and was damaged since, this is lost: {lost}; {known}");
    }
}
