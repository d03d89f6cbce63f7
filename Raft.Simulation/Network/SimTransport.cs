using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>One process's end of a <see cref="SimNetwork"/>. Owned by the node, like any transport.</summary>
internal sealed class SimTransport(SimNetwork network, SimProcess process, int machine, ServerAddress address) : ITransport
{
    private readonly HashSet<SimExchange> _outbound = [];
    private readonly List<(SimTransport Target, ServerId Name)> _talkedTo = [];
    private IRpcReceiver? _receiver;

    public ServerAddress LocalAddress => address;

    public SimNetwork Network => network;

    /// <summary>The process it belongs to.</summary>
    public SimProcess Process => process;

    /// <summary>The number of the machine it runs on.</summary>
    public int Machine => machine;

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>What others have open to it.</summary>
    public HashSet<SimExchange> Inbound { get; } = [];

    public void Start(IRpcReceiver receiver)
    {
        _receiver = receiver;
        network.Attach(this);
    }

    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        SimCall<AppendEntriesResponse>.RunAsync(this, target, request, cancellationToken);

    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        SimCall<RequestVoteResponse>.RunAsync(this, target, request, cancellationToken);

    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        SimCall<RequestPreVoteResponse>.RunAsync(this, target, request, cancellationToken);

    public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
        SimSnapshotCall.RunAsync(this, target, request, body, cancellationToken);

    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        SimCall<TimeoutNowResponse>.RunAsync(this, target, request, cancellationToken);

    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        SimCall<AskResponse>.RunAsync(this, target, request, cancellationToken);

    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken) =>
        SimPipeline.OpenAsync(this, target, cancellationToken);

    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        network.ProbeAsync(this, target, cancellationToken);

    public ValueTask DisposeAsync()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            network.Detach(this);
            foreach (SimExchange exchange in _outbound.ToArray())
            {
                exchange.End(TransportFailure.Shutdown);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Ends connections to one machine, or to all.</summary>
    public void BreakOutbound(int? toMachine)
    {
        foreach (SimExchange exchange in _outbound.ToArray())
        {
            if (toMachine is null || network.Find(exchange.Target.Address)?.Machine == toMachine)
            {
                exchange.End(TransportFailure.Broken);
            }
        }

        TellEnds(toMachine);
    }

    /// <summary>Those that it talks to, one or all of them, find that all its connections have ended; it lives.</summary>
    public void TellEnds(int? toMachine)
    {
        foreach ((SimTransport target, ServerId name) in _talkedTo)
        {
            if (toMachine is null || target.Machine == toMachine)
            {
                network.TellEnd(this, target, name);
            }
        }
    }

    /// <summary>It has sent a request, under a name.</summary>
    internal void Talks(SimTransport target, ServerId name)
    {
        if (!name.IsEmpty && !_talkedTo.Exists(t => t.Target == target))
        {
            _talkedTo.RemoveAll(t => t.Target.Machine == target.Machine);
            _talkedTo.Add((target, name));
        }
    }

    /// <summary>Its process has ended, on a machine that goes on.</summary>
    internal void EndOutbound()
    {
        TellEnds(toMachine: null);
        _talkedTo.Clear();
    }

    /// <summary>All connections of another server have ended. A step of this process.</summary>
    internal void Ended(ServerId server)
    {
        if (!IsClosed)
        {
            _receiver!.Disconnected(server);
        }
    }

    /// <summary>Its process was killed: what it had open ends for those it talked to.</summary>
    internal void Abandon()
    {
        foreach (SimExchange exchange in _outbound)
        {
            exchange.SourceGone();
        }
    }

    internal void Open(SimExchange exchange) => _outbound.Add(exchange);

    internal void Closed(SimExchange exchange) => _outbound.Remove(exchange);

    /// <summary>Hands a request to the node. A step of this process.</summary>
    internal void Deliver(IncomingRpc rpc)
    {
        if (!IsClosed)
        {
            _receiver!.Receive(rpc);
        }
    }
}
