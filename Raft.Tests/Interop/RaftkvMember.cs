using System.Text;
using System.Text.Json;
using Raft.Tests.Sample;

namespace Raft.Tests.Interop;

/// <summary>A node of the sample, through its HTTP port.</summary>
internal sealed class RaftkvMember(string id, int raftPort, int httpPort, string data, params string[] options)
    : Member(id, raftPort, httpPort, data)
{
    private const int WritersMax = 64;

    private RaftkvProcess? _process;

    public override bool IsGo => false;

    public override bool IsRunning => _process is not null;

    public override string Errors => _process?.Errors ?? string.Empty;

    public override async Task StartAsync(params string[] own)
    {
        _process = RaftkvProcess.Start(
        [
            "node", $"--id={Id}", $"--raft={Address}", $"--http={HttpAddress}", $"--data={Data}", .. options,
            .. own,
        ]);
        await _process.ReadyAsync();
    }

    public override async Task KillAsync()
    {
        await _process!.KillAsync();
        _process = null;
    }

    public override async Task TerminateAsync()
    {
        Assert.That(await _process!.TerminateAsync(), Is.Zero, Errors);
        _process = null;
    }

    public override async Task<bool> LeadsAsync() =>
        IsRunning && (await GetAsync("/raft/status")).GetProperty("state").GetString() == "Leader";

    public override async Task<bool> TryWriteAsync(string key, string value) =>
        (await SendAsync("PUT", $"/kv/{Uri.EscapeDataString(key)}?forward=false", Encoding.UTF8.GetBytes(value)))?.Status == 200;

    public override Task WriteManyAsync(IReadOnlyList<(string Key, string Value)> writes) => Parallel.ForEachAsync(
        writes,
        new ParallelOptions { MaxDegreeOfParallelism = WritersMax },
        async (write, _) => Checked(
            write.Key,
            await Reply.SendAsync(
                Http, "PUT", $"/kv/{Uri.EscapeDataString(write.Key)}?forward=false", Encoding.UTF8.GetBytes(write.Value))));

    public override async Task<MemberState> StateAsync()
    {
        JsonElement dump = await GetAsync("/raft/dump");
        return new MemberState(dump.GetProperty("count").GetInt32(), dump.GetProperty("sha256").GetString()!);
    }

    public override async Task<string?> ReadAsync(string key)
    {
        Reply reply = await Reply.SendAsync(Http, "GET", $"/kv/{Uri.EscapeDataString(key)}?read=stale");
        return reply.Status == 200 ? reply.Text : null;
    }

    public override async Task<ulong> LastIndexAsync() => (await GetAsync("/raft/status")).GetProperty("lastLogIndex").GetUInt64();

    public override async Task<ulong> LastSnapshotIndexAsync() =>
        (await GetAsync("/raft/status")).GetProperty("lastSnapshotIndex").GetUInt64();

    public override async Task<IReadOnlyList<MemberEntry>> EntriesAsync(ulong from)
    {
        var entries = new List<MemberEntry>();
        for (ulong next = from; ; next = entries[^1].Index + 1)
        {
            JsonElement page = await GetAsync($"/raft/entries?from={next}&to={ulong.MaxValue}");
            if (page.GetArrayLength() == 0)
            {
                return entries;
            }

            entries.AddRange(page.EnumerateArray().Select(static e => new MemberEntry(
                e.GetProperty("index").GetUInt64(), e.GetProperty("term").GetUInt64(),
                Enum.Parse<LogType>(e.GetProperty("type").GetString()!), DataOf(e))));
        }
    }

    public override async Task<string> ConfigurationAsync() => Text(
        (await GetAsync("/raft/status")).GetProperty("configuration").GetProperty("servers").EnumerateArray().Select(
            static s => Line(
                s.GetProperty("id").GetString()!, s.GetProperty("address").GetString()!, s.GetProperty("suffrage").GetString()!)));

    public override Task AddVoterAsync(Member server) => AddAsync(server, "Voter");

    public override Task AddNonvoterAsync(Member server) => AddAsync(server, "Nonvoter");

    public override Task DemoteAsync(string server) => PostAsync($"/raft/servers/{server}/demote");

    public override async Task RemoveAsync(string server) =>
        Checked(server, await Reply.SendAsync(Http, "DELETE", $"/raft/servers/{server}"));

    public override Task TransferAsync(string server) =>
        PostAsync("/raft/transfer", JsonSerializer.SerializeToUtf8Bytes(new { id = server }));

    public override Task SnapshotAsync() => PostAsync("/raft/snapshot");

    public override async Task<bool> TryBarrierAsync() => (await SendAsync("POST", "/raft/barrier?forward=false", []))?.Status == 200;

    public override ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string DataOf(JsonElement entry) => Convert.ToHexStringLower(
        entry.TryGetProperty("dataBase64", out JsonElement bytes)
            ? bytes.GetBytesFromBase64() : Encoding.UTF8.GetBytes(entry.GetProperty("data").GetString()!));

    private Task<JsonElement> AddAsync(Member server, string suffrage) => PostAsync(
        "/raft/servers", JsonSerializer.SerializeToUtf8Bytes(new { id = server.Id, address = server.Address, suffrage }));
}
