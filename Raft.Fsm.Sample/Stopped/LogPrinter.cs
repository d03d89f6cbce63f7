using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Http;

namespace Raft.Fsm.Sample.Stopped;

/// <summary><c>raftkv log show</c>: entries, one line of JSON each, as <c>GET /raft/entries</c> has them and with more beside.</summary>
internal static class LogPrinter
{
    private const int BatchBytesMax = 1 << 20;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="from">The first entry that is wanted; one that is not held any more gives way to the first that is.</param>
    /// <param name="to">The last.</param>
    /// <param name="output">Where they go.</param>
    /// <param name="errors">Where it is told that there is damage behind them.</param>
    /// <returns>The exit code: 3 where the log is damaged, also if all that was wanted stands before the damage.</returns>
    /// <exception cref="StoreException">The directory is refused, or an entry cannot be read.</exception>
    public static async Task<int> RunAsync(string directory, ulong from, ulong to, TextWriter output, TextWriter errors)
    {
        await using StoppedNode node = await StoppedNode.OpenAsync(directory);
        var buffer = new ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(buffer, Readable);
        ulong last = Math.Min(to, node.Log.LastIndex);
        for (ulong next = Math.Max(from, node.Log.FirstIndex); next != 0 && next <= last;)
        {
            LogBatch batch = await node.Log.ReadAsync(next, last, BatchBytesMax);
            for (int i = 0; i < batch.Count; i++)
            {
                Write(json, batch[i], node.KnownCommitIndex);
                json.Flush();
                await output.WriteLineAsync(Encoding.UTF8.GetString(buffer.WrittenSpan));
                json.Reset();
                buffer.ResetWrittenCount();
            }

            next = batch.LastIndex + 1;
        }

        foreach (string damage in node.Damage)
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv log show: damaged: {damage}"));
        }

        return node.Damage.Count == 0 ? ExitCodes.Success : ExitCodes.Store;
    }

    private static void Write(Utf8JsonWriter json, LogEntry entry, ulong knownCommitIndex)
    {
        json.WriteStartObject();
        EntryJson.Write(json, entry);
        json.WriteBoolean("knownCommitted"u8, entry.Index <= knownCommitIndex);
        json.WriteNumber("bytes"u8, entry.Encoded.Length);
        if (!entry.AppendedAt.IsZero)
        {
            json.WriteString("appendedAt"u8, entry.AppendedAt.ToDateTimeOffset().ToString("O", CultureInfo.InvariantCulture));
        }

        if (!entry.Extensions.IsEmpty)
        {
            json.WriteBase64String("extensionsBase64"u8, entry.Extensions.Span);
        }

        if (entry.Type == LogType.Configuration && TryDecode(entry.Data.Span) is { } configuration)
        {
            StatusJson.WriteServers(json, configuration);
        }

        json.WriteEndObject();
    }

    private static ClusterConfiguration? TryDecode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return ConfigurationEncoding.Decode(encoded);
        }
        catch (FormatException)
        {
            // It stands in its bytes all the same; verify says that it is wrong.
            return null;
        }
    }
}
