using System.Globalization;
using System.Text;
using System.Text.Json;
using Raft.Tests.Sample;

namespace Raft.Tests.Interop;

/// <summary>A Go server, through its control port.</summary>
internal sealed class GoMember(string id, int raftPort, int httpPort, string data, params string[] options)
    : Member(id, raftPort, httpPort, data)
{
    private GoPeerProcess? _process;

    public override bool IsGo => true;

    public override bool IsRunning => _process is not null;

    public override string Errors => _process?.Errors ?? string.Empty;

    public override async Task StartAsync(params string[] own) => _process = await GoPeerProcess.StartAsync(
    [
        $"-id={Id}", $"-raft={Address}", $"-http={HttpAddress}", $"-dir={Data}", "-store=bolt", .. options,
        .. own,
    ]);

    public override async Task KillAsync()
    {
        await _process!.KillAsync();
        _process = null;
    }

    public override async Task TerminateAsync()
    {
        await _process!.TerminateAsync();
        _process = null;
    }

    /// <summary>Founds a cluster of voters.</summary>
    public Task BootstrapAsync(IEnumerable<Member> voters) => BootstrapAsync(
        new ClusterConfiguration([.. voters.Select(v => new Server(v.Id, v.Address))]));

    /// <summary>Founds a cluster of voters.</summary>
    public Task BootstrapAsync(ClusterConfiguration voters) => PostAsync(
        "/bootstrap",
        JsonSerializer.SerializeToUtf8Bytes(voters.Servers.Select(v => new { id = v.Id.Value, addr = v.Address.Value })));

    /// <summary>Proposes an entry.</summary>
    public Task ApplyLogAsync(byte[]? data, byte[]? extensions) => PostAsync(
        "/applylog", JsonSerializer.SerializeToUtf8Bytes(new { data = Digits(data), extensions = Digits(extensions) }));

    /// <summary>Replaces the state of all servers.</summary>
    public Task RestoreAsync(string snapshot) => PostAsync("/restore", Encoding.UTF8.GetBytes(snapshot));

    public override async Task<bool> LeadsAsync() =>
        IsRunning && (await GetAsync("/leader")).GetProperty("state").GetString() == "Leader";

    public override async Task<bool> TryWriteAsync(string key, string value)
    {
        Reply? reply = await SendAsync("POST", "/apply", Encoding.UTF8.GetBytes($"set {key} {value}"));
        return reply?.Status == 200;
    }

    public override async Task WriteManyAsync(IReadOnlyList<(string Key, string Value)> writes)
    {
        // Not all at once: a queue as long as this would time out behind a slow disk.
        foreach ((string Key, string Value)[] group in writes.Chunk(1000))
        {
            string lines = string.Join('\n', group.Select(w => $"set {w.Key} {w.Value}"));
            JsonElement answer = await PostAsync("/applymany", Encoding.UTF8.GetBytes(lines));
            Assert.That(answer.GetProperty("applied").GetInt32(), Is.EqualTo(group.Length));
        }
    }

    public override async Task<MemberState> StateAsync()
    {
        JsonElement dump = await GetAsync("/dump");
        return new MemberState(dump.GetProperty("count").GetInt32(), dump.GetProperty("sha256").GetString()!);
    }

    /// <summary>All pairs of its state machine.</summary>
    public async Task<Dictionary<string, string>> PairsAsync() =>
        (await GetAsync("/dump")).GetProperty("kv").Deserialize<Dictionary<string, string>>()!;

    public override async Task<string?> ReadAsync(string key)
    {
        JsonElement answer = await GetAsync($"/get?key={Uri.EscapeDataString(key)}");
        return answer.GetProperty("found").GetBoolean() ? answer.GetProperty("value").GetString() : null;
    }

    /// <summary>Whether it tells no bytes from nil: before 1.7 it reads both as nil.</summary>
    public async Task<bool> KeepsEmptyAsync() => (await GetAsync("/stats")).GetProperty("variant").GetString() != "raft-1.1.2";

    /// <summary>Its term.</summary>
    public Task<ulong> TermAsync() => StatisticAsync("term");

    public override Task<ulong> LastIndexAsync() => StatisticAsync("last_log_index");

    public override Task<ulong> LastSnapshotIndexAsync() => StatisticAsync("last_snapshot_index");

    public override async Task<IReadOnlyList<MemberEntry>> EntriesAsync(ulong from) =>
    [
        .. (await GetAsync($"/log?from={from}")).GetProperty("entries").EnumerateArray().Select(static e => new MemberEntry(
            e.GetProperty("index").GetUInt64(), e.GetProperty("term").GetUInt64(), (LogType)e.GetProperty("type").GetByte(),
            e.GetProperty("data").GetString()!)),
    ];

    /// <summary>The entries that it holds, with all that there is of them.</summary>
    public async Task<IReadOnlyList<ShownEntry>> ShownEntriesAsync() =>
    [
        .. (await GetAsync("/log")).GetProperty("entries").EnumerateArray().Select(static e => new ShownEntry(
            e.GetProperty("index").GetUInt64(), e.GetProperty("term").GetUInt64(), (LogType)e.GetProperty("type").GetByte(),
            e.GetProperty("dataNil").GetBoolean() ? ShownEntry.Nil : e.GetProperty("data").GetString()!,
            e.GetProperty("extensionsNil").GetBoolean() ? ShownEntry.Nil : e.GetProperty("extensions").GetString()!)),
    ];

    public override async Task<string> ConfigurationAsync() => Text(
        (await GetAsync("/config")).GetProperty("servers").EnumerateArray().Select(static s => Line(
            s.GetProperty("id").GetString()!, s.GetProperty("addr").GetString()!, s.GetProperty("suffrage").GetString()!)));

    public override Task AddVoterAsync(Member server) => AddVoterAsync(server.Id, server.Address);

    /// <summary>Adds a voter.</summary>
    public Task AddVoterAsync(string server, string address) => PostAsync($"/addvoter?id={server}&addr={address}");

    public override Task AddNonvoterAsync(Member server) => PostAsync($"/addnonvoter?id={server.Id}&addr={server.Address}");

    public override Task DemoteAsync(string server) => PostAsync($"/demote?id={server}");

    public override Task RemoveAsync(string server) => PostAsync($"/remove?id={server}");

    public override Task TransferAsync(string server) => PostAsync($"/transfer?id={server}");

    public override Task SnapshotAsync() => PostAsync("/snapshot");

    public override async Task<bool> TryBarrierAsync() => (await SendAsync("POST", "/barrier", []))?.Status == 200;

    public override ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string? Digits(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(bytes);

    private async Task<ulong> StatisticAsync(string name) =>
        ulong.Parse((await GetAsync("/stats")).GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
