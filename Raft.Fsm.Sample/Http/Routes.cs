using System.Collections.Frozen;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Which handler serves which path and method.</summary>
internal sealed class Routes : IDisposable
{
    private const string ServersPrefix = "/raft/servers/";

    private readonly Forwarder _forwarder;
    private readonly KeyHandlers _keys;
    private readonly MemberHandlers _members;
    private readonly FrozenDictionary<string, Route> _byPath;

    public Routes(KvNode node)
    {
        Node = node;
        _forwarder = new Forwarder(node);
        var gate = new LeaderGate(node, _forwarder);
        _keys = new KeyHandlers(node, gate);
        _members = new MemberHandlers(node, gate);
        var transfer = new TransferHandler(node, gate);
        var snapshots = new SnapshotHandlers(node, gate);
        var raft = new RaftHandlers(node, gate);
        _byPath = new Dictionary<string, Route>(StringComparer.Ordinal)
        {
            ["/"] = new("GET", raft.PageAsync),
            ["/set"] = new("GET", _keys.DemoSetAsync),
            ["/get"] = new("GET", _keys.DemoGetAsync),
            ["/healthz"] = new("GET", RaftHandlers.HealthAsync),
            ["/readyz"] = new("GET", raft.ReadyAsync),
            ["/metrics"] = new("GET", raft.MetricsAsync),
            ["/raft/status"] = new("GET", raft.StatusAsync),
            ["/raft/dump"] = new("GET", raft.DumpAsync),
            ["/raft/entries"] = new("GET", raft.EntriesAsync),
            ["/raft/verify"] = new("POST", raft.VerifyAsync),
            ["/raft/barrier"] = new("POST", raft.BarrierAsync),
            ["/raft/servers"] = new("POST", _members.AddAsync),
            ["/raft/transfer"] = new("POST", transfer.HandleAsync),
            ["/raft/snapshot"] = new("POST", snapshots.TakeAsync),
            ["/raft/backup"] = new("GET", snapshots.BackupAsync),
            ["/raft/restore"] = new("POST", snapshots.RestoreAsync),
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The node that is served.</summary>
    public KvNode Node { get; }

    /// <summary>Serves a request.</summary>
    /// <exception cref="ApiException">It is answered with an error.</exception>
    public Task<Answer> HandleAsync(ApiRequest request)
    {
        string path = request.Target.Path;
        if (path.StartsWith(KeyTarget.Prefix, StringComparison.Ordinal))
        {
            return _keys.HandleAsync(request);
        }

        Route route = Find(path) ?? throw ApiException.NotFound($"there is no path {path}");
        return request.Method == route.Method
            ? route.HandleAsync(request)
            : throw ApiException.BadMethod(request.Method, route.Method);
    }

    public void Dispose() => _forwarder.Dispose();

    private Route? Find(string path)
    {
        if (_byPath.TryGetValue(path, out Route? route))
        {
            return route;
        }

        if (!path.StartsWith(ServersPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        return path[ServersPrefix.Length..].Split('/') switch
        {
            [{ Length: > 0 } id] => new("DELETE", request => _members.RemoveAsync(request, id)),
            [{ Length: > 0 } id, "join"] => new("POST", request => _members.JoinAsync(request, id)),
            [{ Length: > 0 } id, "demote"] => new("POST", request => _members.DemoteAsync(request, id)),
            _ => null,
        };
    }

    private sealed record Route(string Method, Func<ApiRequest, Task<Answer>> HandleAsync);
}
