using System.Globalization;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Stopped;

/// <summary>
/// <c>raftkv log verify</c>: reads all that a stopped node has, down to the commands and states of the key-value store, and tells a torn
/// tail from damage as far as the files allow.
/// </summary>
internal sealed class LogVerification
{
    private const int BatchBytesMax = 1 << 20;

    private readonly StoppedNode _node;
    private readonly List<string> _damage;
    private readonly List<string> _notes = [];
    private ulong _strangeCount;
    private ulong _strangeFirst;

    private LogVerification(StoppedNode node)
    {
        _node = node;
        _damage = [.. node.Damage];
    }

    /// <summary>Verifies, and prints what was found.</summary>
    /// <returns>The exit code: 0 where all is whole, 3 where something is damaged.</returns>
    /// <exception cref="StoreException">The directory is refused.</exception>
    public static async Task<int> RunAsync(string directory, TextWriter output)
    {
        await using StoppedNode node = await StoppedNode.OpenAsync(directory);
        LogVerification verified = await OfAsync(node);
        await verified.PrintAsync(output);
        return verified._damage.Count == 0 ? ExitCodes.Success : ExitCodes.Store;
    }

    /// <summary>Reads everything.</summary>
    /// <returns>What is damaged, a line each, with the file and where in it; empty where all is whole.</returns>
    public static async Task<IReadOnlyList<string>> DamageOfAsync(StoppedNode node) => (await OfAsync(node))._damage;

    private static async Task<LogVerification> OfAsync(StoppedNode node)
    {
        var verification = new LogVerification(node);
        await verification.ReadEntriesAsync();
        await verification.ReadSnapshotsAsync();
        await verification.ReadAsNodeAsync();
        if (node.Wal?.TornTail is { } tail)
        {
            verification._notes.Add(NodeText.Of(tail, node.Log.LastIndex, node.KnownCommitIndex));
        }

        return verification;
    }

    private async Task PrintAsync(TextWriter output)
    {
        foreach (string damage in _damage)
        {
            await output.WriteLineAsync(CommandTable.OneLine($"damaged: {damage}"));
        }

        foreach (string note in _notes)
        {
            await output.WriteLineAsync(CommandTable.OneLine(note));
        }

        string verdict = _damage.Count == 0 ? "whole" : "damaged; what stands behind damage in the log was not looked at";
        await output.WriteLineAsync($"{_node.Directory} is {verdict}: {await NodeText.SummaryAsync(_node)}, {_node.Snapshots.Kept.Count} snapshots");
    }

    private async Task ReadEntriesAsync()
    {
        try
        {
            ulong last = _node.Log.LastIndex;
            for (ulong next = _node.Log.FirstIndex; next != 0 && next <= last;)
            {
                LogBatch batch = await _node.Log.ReadAsync(next, last, BatchBytesMax);
                for (int i = 0; i < batch.Count; i++)
                {
                    Look(batch[i]);
                }

                next = batch.LastIndex + 1;
            }
        }
        catch (StoreException unreadable)
        {
            _damage.Add(unreadable.Message);
        }

        if (_strangeCount > 0)
        {
            string count = _strangeCount.ToString(CultureInfo.InvariantCulture);
            string first = _strangeFirst.ToString(CultureInfo.InvariantCulture);
            _notes.Add(
                $"note: {count} entries are no commands of raftkv, the first of them {first}; a node answers such with an error, and its state "
                + "stays as it is");
        }
    }

    private void Look(LogEntry entry)
    {
        if (entry.Type == LogType.Command && KvCommandEncoding.TryDecode(entry.Data.Span, out _) is not null)
        {
            _strangeFirst = _strangeCount++ == 0 ? entry.Index : _strangeFirst;
        }
        else if (entry.Type == LogType.Configuration)
        {
            try
            {
                _ = ConfigurationEncoding.Decode(entry.Data.Span);
            }
            catch (FormatException wrong)
            {
                _damage.Add(string.Create(CultureInfo.InvariantCulture, $"entry {entry.Index} holds a configuration that cannot be decoded: {wrong.Message}"));
            }
        }
    }

    private async Task ReadSnapshotsAsync()
    {
        foreach (SnapshotMeta snapshot in _node.Snapshots.Kept)
        {
            if (await _node.Snapshots.CheckAsync(snapshot) is { } wrong)
            {
                _damage.Add(wrong);
            }
        }
    }

    /// <summary>What a node would refuse though each part is whole: a log that does not go with its snapshots, or with its term.</summary>
    private async Task ReadAsNodeAsync()
    {
        if (_damage.Count > 0)
        {
            return;
        }

        try
        {
            StoredState state = await _node.StateAsync();
            if (state.IsLogOver)
            {
                _notes.Add("note: the newest snapshot takes the place of the log, which a start drops");
            }

            if (state.AwaitedIndex > 0)
            {
                _notes.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"note: this server lost its disk once, and has not got back what it lacked up to entry {state.AwaitedIndex}"));
            }
        }
        catch (StoreException refused)
        {
            _damage.Add(refused.Message);
        }
    }
}
