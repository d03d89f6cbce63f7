namespace Raft.Tests.Support;

/// <summary>
/// The network of a virtual cluster: delivers after a fixed latency by the virtual clock, and loses what crosses a cut
/// link. A request that gets no answer fails after a timeout, as over a real network.
/// </summary>
internal sealed class VirtualNetwork(VirtualClock clock)
{
    private readonly Dictionary<ServerAddress, VirtualTransport> _servers = [];
    private readonly HashSet<(ServerAddress From, ServerAddress To)> _cut = [];

    /// <summary>Time for one way.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Time until a request without an answer fails.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Servers that end the connection on a question, as Go does.</summary>
    public HashSet<ServerAddress> Foreign { get; } = [];

    /// <summary>Addresses that lead to another server than the one that is started under them, as a stale name does.</summary>
    public Dictionary<ServerAddress, ServerAddress> Detours { get; } = [];

    /// <summary>Changes every answer before it is delivered; null for none.</summary>
    public Func<RpcResponse, RpcResponse>? Rewrite { get; set; }

    /// <summary>Looks at every request before it is delivered; false drops it.</summary>
    public Func<ServerAddress, ServerAddress, RpcRequest, bool>? Filter { get; set; }

    /// <summary>How much longer a request takes than others; null for none.</summary>
    public Func<ServerAddress, RpcRequest, TimeSpan>? RequestDelay { get; set; }

    /// <summary>How much longer the answer of a server takes; null for none.</summary>
    public Func<ServerAddress, RpcRequest, TimeSpan>? AnswerDelay { get; set; }

    /// <summary>What becomes of a probe of a server, in place of what would; null for that.</summary>
    public Func<ServerAddress, ServerAddress, ConnectOutcome?>? Probes { get; set; }

    /// <summary>How long a probe takes that is answered; others take the timeout.</summary>
    public TimeSpan ProbeTime { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Whether probes never end, also where they are cancelled.</summary>
    public bool ProbesHang { get; set; }

    /// <summary>A transport under an address; the server is reachable once it is started.</summary>
    public VirtualTransport Attach(ServerAddress address) => new(this, address);

    /// <summary>All connections from a server end, for the others that are given, or all.</summary>
    public void EndConnections(VirtualServer server, params VirtualServer[] seenBy)
    {
        foreach (VirtualTransport other in _servers.Values.Where(o => o.LocalAddress != server.Address
            && (seenBy.Length == 0 || seenBy.Any(s => s.Address == o.LocalAddress))).ToArray())
        {
            After(Latency, () =>
            {
                if (!_cut.Contains((server.Address, other.LocalAddress)))
                {
                    other.Disconnected(server.Id);
                }
            });
        }
    }

    internal async ValueTask<ConnectOutcome> ProbeAsync(ServerAddress from, ServerAddress to, CancellationToken cancellationToken)
    {
        if (ProbesHang)
        {
            await new TaskCompletionSource().Task;
        }

        ConnectOutcome outcome = Probes?.Invoke(from, to) ?? (_cut.Contains((from, to)) || _cut.Contains((to, from))
            ? ConnectOutcome.Unknown
            : IsUp(to) ? ConnectOutcome.Connected : ConnectOutcome.Refused);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration ended = cancellationToken.Register(() => answer.TrySetResult());
        After(outcome == ConnectOutcome.Unknown ? Timeout : ProbeTime, () => answer.TrySetResult());
        await answer.Task;
        return outcome;
    }

    /// <summary>Cuts one direction of a link.</summary>
    public void CutOneWay(ServerAddress from, ServerAddress to) => _cut.Add((from, to));

    /// <summary>Cuts a server off from all others.</summary>
    public void Isolate(ServerAddress address, IEnumerable<ServerAddress> others)
    {
        foreach (ServerAddress other in others)
        {
            if (other != address)
            {
                _cut.Add((address, other));
                _cut.Add((other, address));
            }
        }
    }

    /// <summary>Mends every link.</summary>
    public void Heal() => _cut.Clear();

    internal void Register(VirtualTransport transport) => _servers[transport.LocalAddress] = transport;

    internal void Unregister(VirtualTransport transport)
    {
        if (_servers.TryGetValue(transport.LocalAddress, out VirtualTransport? present) && present == transport)
        {
            _servers.Remove(transport.LocalAddress);
        }
    }

    internal bool IsUp(ServerAddress address) => _servers.ContainsKey(Detours.GetValueOrDefault(address, address));

    /// <summary>Carries a request to its server and the answer back; what is lost on the way is never answered.</summary>
    internal void Carry(
        ServerAddress from, ServerAddress to, RpcRequest request, Action<RpcResponse?, string?> answer,
        ISnapshotBody? body = null)
    {
        to = Detours.GetValueOrDefault(to, to);
        After(Latency + (RequestDelay?.Invoke(to, request) ?? default), () =>
        {
            if (!_cut.Contains((from, to)) && (Filter is null || Filter(from, to, request))
                && _servers.TryGetValue(to, out VirtualTransport? server))
            {
                server.Deliver(new VirtualRpc(request, body, (response, error) => After(Latency + (AnswerDelay?.Invoke(to, request) ?? default), () =>
                {
                    if (!_cut.Contains((to, from)))
                    {
                        answer(response is null ? null : Rewrite?.Invoke(response) ?? response, error);
                    }
                })));
            }
        });
    }

    internal void After(TimeSpan wait, Action action) =>
        clock.CreateTimer(static state => ((Action)state!)(), action, wait, System.Threading.Timeout.InfiniteTimeSpan);

    private sealed class VirtualRpc(RpcRequest request, ISnapshotBody? body, Action<RpcResponse?, string?> answer)
        : IncomingRpc(request)
    {
        public override ISnapshotBody? Body => body;

        protected override void Send(RpcResponse? response, string? error) => answer(response, error);
    }
}
