using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>
/// The network between the machines of a run. Messages take their time, pass each other, get lost, come twice; links
/// are cut in one direction or both; connections end or hang, as a TCP transport would see it.
/// </summary>
internal sealed class SimNetwork
{
    private readonly SimLink[][] _links;
    private readonly Dictionary<ServerAddress, SimTransport> _endpoints = [];
    private readonly bool[] _isOff;

    public SimNetwork(SimKernel kernel, int machines, NetworkConditions conditions, INetworkWatch watch)
    {
        Kernel = kernel;
        Conditions = conditions;
        Watch = watch;
        _isOff = new bool[machines];
        _links = [.. Enumerable.Range(0, machines).Select(_ =>
            Enumerable.Range(0, machines).Select(_ => new SimLink()).ToArray())];
    }

    /// <summary>Where everything happens.</summary>
    public SimKernel Kernel { get; }

    /// <summary>How good the network is now.</summary>
    public NetworkConditions Conditions { get; set; }

    /// <summary>Sees every message.</summary>
    public INetworkWatch Watch { get; }

    /// <summary>How many appends a node may have in flight on one connection.</summary>
    public required int InFlightCountMax { get; init; }

    /// <summary>What messages were carried and what became of them.</summary>
    public Coverage Coverage { get; } = new();

    /// <summary>Hears of every snapshot that is sent; null for nobody.</summary>
    public Action<SimSnapshotCall>? OnSnapshotSent { get; set; }

    /// <summary>One direction between two machines.</summary>
    public SimLink Link(int from, int to) => _links[from][to];

    /// <summary>Notes whether a machine has power: one without does not even refuse connections.</summary>
    public void SetPower(int machine, bool isOn) => _isOff[machine] = !isOn;

    /// <summary>Who can be reached under an address; null where nobody listens.</summary>
    public SimTransport? Find(ServerAddress address) => _endpoints.GetValueOrDefault(address);

    /// <summary>The server listens.</summary>
    public void Attach(SimTransport transport) => _endpoints[transport.LocalAddress] = transport;

    /// <summary>The server does not listen any more; those that talk to it find out, unless its machine is off.</summary>
    public void Detach(SimTransport transport)
    {
        if (Find(transport.LocalAddress) == transport)
        {
            _endpoints.Remove(transport.LocalAddress);
        }

        foreach (SimExchange exchange in transport.Inbound)
        {
            if (!_isOff[transport.Machine] && !Link(transport.Machine, exchange.Source.Machine).IsCut)
            {
                Kernel.After(
                    exchange.Source.Process, Delay(transport.Machine, exchange.Source.Machine),
                    () => exchange.End(TransportFailure.Broken));
            }
        }

        transport.Inbound.Clear();
        if (!_isOff[transport.Machine])
        {
            transport.Abandon();
            transport.EndOutbound();
        }
    }

    /// <summary>
    /// All connections of one server to another have ended, and that one sees it a little later: unless the link is cut, then or now.
    /// Requests that are on their way may come later still.
    /// </summary>
    public void TellEnd(SimTransport source, SimTransport target, ServerId server)
    {
        SimLink link = Link(source.Machine, target.Machine);
        if (!link.IsCut)
        {
            Kernel.After(target.Process, Delay(source.Machine, target.Machine), () =>
            {
                if (!link.IsCut)
                {
                    Coverage.Hit(Happening.ConnectionsEnded);
                    target.Ended(server);
                }
            });
        }
    }

    /// <summary>What a server finds that tries to connect to another.</summary>
    public async ValueTask<ConnectOutcome> ProbeAsync(SimTransport source, Server target, CancellationToken cancellationToken)
    {
        int from = source.Machine;
        int to = SimAddress.MachineOf(target.Address);
        var outcome = new TaskCompletionSource<ConnectOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration ended = cancellationToken.Register(() => outcome.TrySetResult(ConnectOutcome.Unknown));
        Kernel.After(source.Process, Conditions.ProbePatience, () => outcome.TrySetResult(ConnectOutcome.Unknown));
        if (!Link(from, to).IsCut && !IsDropped() && !Kernel.Random.Chance(Conditions.ProbeHangShare))
        {
            Kernel.After(null, Delay(from, to), () =>
            {
                if (!_isOff[to] && !Link(to, from).IsCut && !IsDropped())
                {
                    ConnectOutcome found = Knock(target.Address);
                    Kernel.After(source.Process, Delay(to, from), () => outcome.TrySetResult(found));
                }
            });
        }

        return await outcome.Task;
    }

    /// <summary>Whether a sender learns at once that its message does not arrive.</summary>
    public bool IsRefused(int from, int to, SimTransport? target)
    {
        SimLink link = Link(from, to);
        return link.IsCut ? link.IsRefusing : target is null && !_isOff[to];
    }

    /// <summary>Time for one way, for one message.</summary>
    public TimeSpan Delay(int from, int to)
    {
        TimeSpan delay = Kernel.Random.Between(Conditions.DelayMin, Conditions.DelayMax);
        if (Kernel.Random.Chance(Conditions.StragglerShare))
        {
            Coverage.Hit(Happening.MessageDelayed);
            delay += Kernel.Random.Between(TimeSpan.Zero, Conditions.StragglerDelayMax);
        }

        return delay + Link(from, to).ExtraDelay;
    }

    /// <summary>Whether a call's message is lost on its way.</summary>
    public bool IsDropped()
    {
        bool isDropped = Kernel.Random.Chance(Conditions.DropShare);
        if (isDropped)
        {
            Coverage.Hit(Happening.MessageDropped);
        }

        return isDropped;
    }

    /// <summary>
    /// Lets a request arrive once more, at about its own time or later, and an append be overtaken by a probe. Nobody
    /// waits for the answers.
    /// </summary>
    public void MaybeDuplicate(SimTransport source, SimTransport target, RpcRequest request)
    {
        // A question may carry commands, so transports deliver it once at most (ITransport).
        if (request is not AskRequest && Kernel.Random.Chance(Conditions.DuplicateShare))
        {
            Coverage.Hit(Happening.MessageDuplicated);
            TimeSpan delay = Delay(source.Machine, target.Machine);
            Deliver(source, target, request, Kernel.Random.Chance(0.5)
                ? delay
                : delay + Kernel.Random.Between(TimeSpan.Zero, Conditions.StragglerDelayMax));
        }

        if (request is AppendEntriesRequest { Entries: [LogSlice first, ..] } append && Kernel.Random.Chance(Conditions.ProbeShare))
        {
            Coverage.Hit(Happening.Probe);
            int count = Kernel.Random.Next(first.Count);
            List<LogSlice> fewer = count == 0 ? [] : [first.Before(first.FirstIndex + (ulong)count)];
            Deliver(source, target, append with { Entries = fewer }, Conditions.DelayMin);
        }
    }

    /// <summary>A request leaves.</summary>
    public void Requested(int from, int to, RpcRequest request)
    {
        Coverage.Hit(Happenings.Of(request));
        Kernel.Note(MessageHash.Of(from, to, request));
        Kernel.Log?.Invoke(Kernel.Now, $"n{from + 1} > n{to + 1} {MessageText.Of(request)}");
        Watch.Requested(from, to, request);
    }

    /// <summary>An answer leaves.</summary>
    public void Answered(int from, int to, RpcRequest request, RpcResponse? response, long? askedAt)
    {
        if (response is null)
        {
            return;
        }

        Kernel.Note(MessageHash.Of(from, to, response));
        Kernel.Log?.Invoke(Kernel.Now, $"n{from + 1} > n{to + 1} {MessageText.Of(response)}");
        Watch.Answered(from, to, request, response, askedAt);
    }

    private ConnectOutcome Knock(ServerAddress address)
    {
        if (Find(address) is null)
        {
            Coverage.Hit(Happening.PortRefused);
            return ConnectOutcome.Refused;
        }

        if (Kernel.Random.Chance(Conditions.FalseRefusalShare))
        {
            Coverage.Hit(Happening.PortRefusedFalsely);
            return ConnectOutcome.Refused;
        }

        return ConnectOutcome.Connected;
    }

    /// <summary>Reaches whoever listens when it arrives, which may be another process than the one it was meant for.</summary>
    private void Deliver(SimTransport source, SimTransport target, RpcRequest copy, TimeSpan delay) =>
        Kernel.After(null, delay, () =>
        {
            if (Find(target.LocalAddress) is { } present && !Link(source.Machine, target.Machine).IsCut)
            {
                Kernel.After(present.Process, TimeSpan.Zero, () => present.Deliver(new SimRpc(
                    copy, (response, _) => Answered(target.Machine, source.Machine, copy, response, askedAt: null))));
            }
        });
}
