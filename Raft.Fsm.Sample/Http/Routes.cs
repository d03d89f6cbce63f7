using System.Collections.Frozen;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Which handler serves which path and method.</summary>
internal sealed class Routes : IDisposable
{
    private const string ServersPrefix = "/raft/servers/";

    private readonly Forwarder _forwarder;
    private readonly KeyHandlers _keys;
    private readonly FrozenDictionary<string, Route> _byPath;

    public Routes(KvNode node)
    {
        Node = node;
        _forwarder = new Forwarder(node);
        var gate = new LeaderGate(node, _forwarder);
        _keys = new KeyHandlers(node, gate);
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
            ["/raft/servers"] = NotThereYet("POST", "adding servers"),
            ["/raft/transfer"] = NotThereYet("POST", "leadership transfer"),
            ["/raft/snapshot"] = NotThereYet("POST", "taking a snapshot"),
            ["/raft/backup"] = NotThereYet("GET", "backup"),
            ["/raft/restore"] = NotThereYet("POST", "restore"),
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

        string rest = path[ServersPrefix.Length..];
        return rest.Split('/') switch
        {
            [{ Length: > 0 }] => NotThereYet("DELETE", "removing servers"),
            [{ Length: > 0 }, "demote"] => NotThereYet("POST", "demoting servers"),
            _ => null,
        };
    }

    private static Route NotThereYet(string method, string what) =>
        new(method, _ => throw ApiException.NotImplemented(what));

    private sealed record Route(string Method, Func<ApiRequest, Task<Answer>> HandleAsync);
}
