using System.Globalization;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Import;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stopped;

/// <summary><c>raftkv log list</c>: a line for the node, and one for each segment and snapshot.</summary>
internal static class LogListing
{
    /// <summary>Lists.</summary>
    /// <returns>The exit code: 3 where the data are damaged, as far as that is seen here.</returns>
    /// <exception cref="StoreException">The directory is refused.</exception>
    public static async Task<int> RunAsync(string directory, TextWriter output)
    {
        await using StoppedNode node = await StoppedNode.OpenAsync(directory);
        await output.WriteLineAsync($"{directory}: {await NodeText.SummaryAsync(node)}");
        foreach (WalSegment segment in node.Wal?.Segments ?? [])
        {
            string terms = await TermsAsync(node.Log, segment.FirstIndex, segment.LastIndex);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(segment.Path)}: {NodeText.Range(segment.FirstIndex, segment.LastIndex)}{terms}, {segment.EndOffset} of "
                + $"{segment.FileBytes} bytes"));
        }

        if (node.Wal is null && node.Log.LastIndex != 0)
        {
            string terms = await TermsAsync(node.Log, node.Log.FirstIndex, node.Log.LastIndex);
            await output.WriteLineAsync($"{node.Kind}: {NodeText.Range(node.Log.FirstIndex, node.Log.LastIndex)}{terms}");
        }

        foreach (SnapshotMeta snapshot in node.Snapshots.Kept)
        {
            await output.WriteLineAsync($"{GoSnapshots.Folder}/{snapshot.Id}: {NodeText.Of(snapshot)}");
        }

        if (node.Wal?.TornTail is { } tail)
        {
            await output.WriteLineAsync(NodeText.Of(tail, node.Log.LastIndex, node.KnownCommitIndex));
        }

        foreach (string damage in node.Damage)
        {
            await output.WriteLineAsync(CommandTable.OneLine($"damaged: {damage}"));
        }

        return node.Damage.Count == 0 ? ExitCodes.Success : ExitCodes.Store;
    }

    // Terms never fall, so the first and the last say all.
    private static async Task<string> TermsAsync(ILogStore log, ulong first, ulong last)
    {
        if (last == 0)
        {
            return "";
        }

        ulong from = (await log.ReadAsync(first, first, bytesMax: 1)).TermAt(0);
        ulong to = (await log.ReadAsync(last, last, bytesMax: 1)).TermAt(0);
        return string.Create(CultureInfo.InvariantCulture, $", terms {from}..{to}");
    }
}
