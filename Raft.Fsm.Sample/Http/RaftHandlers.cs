using System.Globalization;
using System.Text;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>What concerns the cluster: <c>/raft/…</c>, health and metrics.</summary>
internal sealed class RaftHandlers(KvNode node, LeaderGate gate)
{
    private const int EntriesMax = 1000;

    // The status waits no longer for the leader's HTTP address: it is asked for often.
    private static readonly TimeSpan AddressPatience = TimeSpan.FromMilliseconds(200);

    /// <summary><c>GET /raft/status</c>.</summary>
    public async Task<Answer> StatusAsync(ApiRequest request)
    {
        RaftStatus status = await node.Raft.GetStatusAsync();
        LeaderInfo? leader = status.LeaderId.IsEmpty && status.LeaderAddress.IsEmpty
            ? null
            : await LeaderOfAsync(status);
        return Answer.OfJson(200, json => StatusJson.Write(json, status, leader));
    }

    /// <summary><c>GET /raft/dump</c>.</summary>
    public async Task<Answer> DumpAsync(ApiRequest request)
    {
        KvDump dump = await KvDump.TakeAsync(node.Raft, node.Fsm).WaitAsync(node.ApplyTimeout);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("appliedIndex"u8, dump.AppliedIndex);
            json.WriteNumber("count"u8, dump.Count);
            json.WriteString("sha256"u8, dump.Sha256);
            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /raft/entries</c>.</summary>
    public async Task<Answer> EntriesAsync(ApiRequest request)
    {
        ulong from = Index(request, "from", 1);
        ulong to = Index(request, "to", ulong.MaxValue);
        IReadOnlyList<LogEntry> entries = from > to ? [] : await node.Raft.ReadLogAsync(from, to, EntriesMax);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartArray();
            foreach (LogEntry entry in entries)
            {
                json.WriteStartObject();
                EntryJson.Write(json, entry);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary><c>POST /raft/verify</c>.</summary>
    public Task<Answer> VerifyAsync(ApiRequest request) =>
        gate.RunAsync(request, new LeaderOperation(IsWrite: false, async (_, deadline) =>
        {
            await node.Raft.VerifyLeaderAsync(deadline);
            return Answer.OfJson(200, json =>
            {
                json.WriteStartObject();
                json.WriteString("leader"u8, node.Raft.Id.ToString());
                json.WriteEndObject();
            });
        }));

    /// <summary><c>POST /raft/barrier</c>.</summary>
    public Task<Answer> BarrierAsync(ApiRequest request) =>
        gate.RunAsync(request, new LeaderOperation(IsWrite: true, async (left, deadline) =>
        {
            ApplyResult barrier = await node.Raft.BarrierAsync(left, deadline);
            return Answer.OfJson(200, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, barrier.Index);
                json.WriteNumber("term"u8, barrier.Term);
                json.WriteEndObject();
            });
        }));

    /// <summary><c>GET /healthz</c>.</summary>
    public static Task<Answer> HealthAsync(ApiRequest request) => Task.FromResult(Answer.OfText(200, "alive\n"));

    /// <summary><c>GET /readyz</c>.</summary>
    public async Task<Answer> ReadyAsync(ApiRequest request) => await node.Readiness.WhyNotAsync() is { } why
        ? throw ApiException.NoLeader($"not ready: {why}")
        : Answer.OfText(200, "ready\n");

    /// <summary><c>GET /metrics</c>.</summary>
    public async Task<Answer> MetricsAsync(ApiRequest request) => Answer.OfText(
        200, MetricsText.Of(await node.Raft.GetStatusAsync(), node), "text/plain; version=0.0.4; charset=utf-8");

    /// <summary><c>GET /</c>.</summary>
    public async Task<Answer> PageAsync(ApiRequest request)
    {
        Answer status = await StatusAsync(request);
        return Answer.OfText(
            200, StatusPage.Of(node.Raft.Id.ToString(), Encoding.UTF8.GetString(status.Body.Span)),
            "text/html; charset=utf-8");
    }

    private async Task<LeaderInfo> LeaderOfAsync(RaftStatus status)
    {
        LeaderInfo? known = status.State == RaftState.Shutdown ? null : await node.Leaders.FindAsync(AddressPatience);
        return known is not null && known.Id == status.LeaderId && known.Raft == status.LeaderAddress
            ? known
            : new LeaderInfo(status.LeaderId, status.LeaderAddress, Http: null);
    }

    private static ulong Index(ApiRequest request, string name, ulong absent)
    {
        string? text = request.Target.Parameter(name);
        if (text is null)
        {
            return absent;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)
            ? index
            : throw ApiException.BadRequest($"{name} is '{text}'; give an index");
    }
}
