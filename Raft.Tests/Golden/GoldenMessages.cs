using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Raft.Storage;

namespace Raft.Tests.Golden;

/// <summary>Builds our messages from the decoded form of golden vectors.</summary>
internal static partial class GoldenMessages
{
    public static RpcRequest Request(GoldenVector vector, JsonElement fields)
    {
        var f = new Reader(fields);
        return vector.RpcTypeByte switch
        {
            0 => new AppendEntriesRequest(f.Header)
            {
                Term = f.Unsigned("Term"),
                Leader = f.Text("Leader"),
                PreviousIndex = f.Unsigned("PrevLogEntry"),
                PreviousTerm = f.Unsigned("PrevLogTerm"),
                LeaderCommitIndex = f.Unsigned("LeaderCommitIndex"),
                Entries = Entries(vector, fields.GetProperty("Entries")),
            },
            1 => new RequestVoteRequest(f.Header)
            {
                Term = f.Unsigned("Term"),
                Candidate = f.Text("Candidate"),
                LastLogIndex = f.Unsigned("LastLogIndex"),
                LastLogTerm = f.Unsigned("LastLogTerm"),
                LeadershipTransfer = f.Bool("LeadershipTransfer"),
            },
            2 => new InstallSnapshotRequest(f.Header)
            {
                SnapshotVersion = f.Int32("SnapshotVersion"),
                Term = f.Unsigned("Term"),
                Leader = f.Text("Leader"),
                LastLogIndex = f.Unsigned("LastLogIndex"),
                LastLogTerm = f.Unsigned("LastLogTerm"),
                Peers = f.Bytes("Peers"),
                Configuration = f.Bytes("Configuration"),
                ConfigurationIndex = f.Unsigned("ConfigurationIndex"),
                Size = f.Int64("Size"),
            },
            3 => new TimeoutNowRequest(f.Header),
            _ => new RequestPreVoteRequest(f.Header)
            {
                Term = f.Unsigned("Term"),
                LastLogIndex = f.Unsigned("LastLogIndex"),
                LastLogTerm = f.Unsigned("LastLogTerm"),
            },
        };
    }

    /// <summary>The answer; null where Go wrote nil.</summary>
    public static RpcResponse? Response(GoldenVector vector, JsonElement fields)
    {
        if (fields.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var f = new Reader(fields);
        return vector.RpcTypeByte switch
        {
            0 => new AppendEntriesResponse(f.Header)
            {
                Term = f.Unsigned("Term"),
                LastLog = f.Unsigned("LastLog"),
                Success = f.Bool("Success"),
                NoRetryBackoff = f.Bool("NoRetryBackoff"),
            },
            1 => new RequestVoteResponse(f.Header)
            {
                Term = f.Unsigned("Term"),
                Granted = f.Bool("Granted"),
                Peers = f.Bytes("Peers"),
            },
            2 => new InstallSnapshotResponse(f.Header) { Term = f.Unsigned("Term"), Success = f.Bool("Success") },
            3 => new TimeoutNowResponse(f.Header),
            _ => new RequestPreVoteResponse(f.Header) { Term = f.Unsigned("Term"), Granted = f.Bool("Granted") },
        };
    }

    /// <summary>The time of an entry, as precisely as RFC 3339 states it: not the seconds of a zone.</summary>
    public static LogTimestamp Timestamp(string rfc3339)
    {
        Match match = Rfc3339().Match(rfc3339);
        Assert.That(match.Success, rfc3339);
        var local = DateTime.ParseExact(match.Groups["local"].Value, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        int nanoseconds = match.Groups["fraction"].Success ? int.Parse(match.Groups["fraction"].Value.PadRight(9, '0')) : 0;
        string zone = match.Groups["zone"].Value;
        int offset = zone == "Z" ? 0 : (int)TimeSpan.Parse(zone.TrimStart('+')).TotalSeconds;
        return new LogTimestamp((local.Ticks / TimeSpan.TicksPerSecond) - offset, nanoseconds, offset, IsUtc: zone == "Z");
    }

    private static List<LogSlice>? Entries(GoldenVector vector, JsonElement entries)
    {
        if (entries.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        foreach (JsonElement entry in entries.EnumerateArray())
        {
            var f = new Reader(entry);
            int stampBytes = 0;
            if (entry.TryGetProperty("AppendedAt", out JsonElement appendedAt))
            {
                LogTimestamp time = vector.Name.EndsWith("_offset_seconds", StringComparison.Ordinal)
                    ? new LogTimestamp(0x0edd23e969, 0, 3607, IsUtc: false) // RFC 3339 cannot say a zone's seconds.
                    : Timestamp(appendedAt.GetString()!);
                // The machines of the live cluster had a local zone of offset 0, which RFC 3339 writes like UTC.
                time = time with { IsUtc = time.IsUtc && (time.IsZero || vector.Source != "live cluster") };
                stampBytes = LogTimestampEncoding.Write(
                    stamp, time, vector.IsNewTimeFormat ? LogTimeFormat.Timestamp : LogTimeFormat.GoBinary);
            }

            byte[]? data = GoldenVector.BytesOf(entry.GetProperty("Data"));
            byte[]? extensions = GoldenVector.BytesOf(entry.GetProperty("Extensions"));
            builder.Add(
                f.Unsigned("Index"), f.Unsigned("Term"), (LogType)f.Int32("Type"), stamp[..stampBytes], data,
                isDataNil: data is null, extensions, isExtensionsNil: extensions is null);
        }

        return builder.Count == 0 ? [] : [new LogSlice(builder.Build())];
    }

    [GeneratedRegex(@"^(?<local>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.(?<fraction>\d+))?(?<zone>Z|[+-]\d\d:\d\d)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rfc3339();

    private readonly struct Reader(JsonElement fields)
    {
        public RpcHeader Header => new(Int32("ProtocolVersion"), Text("ID"), Text("Addr"));

        public ulong Unsigned(string name) => fields.TryGetProperty(name, out JsonElement v) ? v.GetUInt64() : 0;

        public int Int32(string name) => fields.TryGetProperty(name, out JsonElement v) ? v.GetInt32() : 0;

        public long Int64(string name) => fields.TryGetProperty(name, out JsonElement v) ? v.GetInt64() : 0;

        public bool Bool(string name) => fields.TryGetProperty(name, out JsonElement v) && v.GetBoolean();

        public string? Text(string name) =>
            fields.TryGetProperty(name, out JsonElement v) ? GoldenVector.TextOf(v) : null;

        public ReadOnlyMemory<byte>? Bytes(string name) =>
            fields.TryGetProperty(name, out JsonElement v) && GoldenVector.BytesOf(v) is { } bytes
                ? new ReadOnlyMemory<byte>(bytes)
                : default(ReadOnlyMemory<byte>?);
    }
}
