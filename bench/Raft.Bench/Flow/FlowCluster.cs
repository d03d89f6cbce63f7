using System.Net;
using Raft.Stores.Wal;
using Raft.Transport.Tcp;

namespace Raft.Bench.Flow;

/// <summary>Servers of one process that reach each other over the loopback; the first leads, the third may be behind a slow link.</summary>
internal sealed class FlowCluster : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private readonly List<IAsyncDisposable> _parts = [];
    private readonly string _directory;
    private readonly string _slowDirectory;

    private FlowCluster(string directory, string slowDirectory) => (_directory, _slowDirectory) = (directory, slowDirectory);

    /// <summary>The leader.</summary>
    public RaftNode Leader { get; private set; } = null!;

    /// <summary>Starts servers.</summary>
    /// <param name="directory">Where their logs live; emptied afterwards.</param>
    /// <param name="slowDirectory">Where that of the slow one lives: on another machine it would not write to the others' disk.</param>
    /// <param name="size">How many.</param>
    /// <param name="slow">Bytes a second that the last one is sent at most; null for as many as it takes.</param>
    public static async Task<FlowCluster> StartAsync(string directory, string slowDirectory, int size, double? slow)
    {
        var cluster = new FlowCluster(directory, slowDirectory);
        var links = new Links();
        var transports = new TcpTransport[size];
        for (int i = 0; i < size; i++)
        {
            transports[i] = await TcpTransport.ListenAsync(new TcpTransportOptions { BindAddress = "127.0.0.1:0", AddressProvider = links });
        }

        var members = new ClusterConfiguration(transports.Select((t, i) => new Server($"n{i + 1}", t.LocalAddress)));
        if (slow is { } bytesPerSecond)
        {
            var relay = new ThrottledRelay(IPEndPoint.Parse(transports[^1].LocalAddress.ToString()), bytesPerSecond);
            cluster._parts.Add(relay);
            links.Detour = (members.Servers[^1].Id, relay.Address);
        }

        for (int i = size - 1; i >= 0; i--)
        {
            cluster.Leader = await cluster.StartAsync(members, i, transports[i]);
        }

        while (true)
        {
            try
            {
                await cluster.Leader.BarrierAsync();
                return cluster;
            }
            catch (NotLeaderException)
            {
                await Task.Delay(Heartbeat / 100);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            await _parts[i].DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
        if (Directory.Exists(_slowDirectory))
        {
            Directory.Delete(_slowDirectory, recursive: true);
        }
    }

    private async Task<RaftNode> StartAsync(ClusterConfiguration members, int number, TcpTransport transport)
    {
        WalStore store = await WalStore.OpenAsync(number == 2 ? _slowDirectory : Path.Combine(_directory, $"n{number + 1}"));
        _parts.Add(store);
        var config = new RaftConfig
        {
            LocalId = members.Servers[number].Id,

            // The first is to lead, whatever else happens.
            HeartbeatTimeout = number == 0 ? Heartbeat : Heartbeat * 60,
            ElectionTimeout = number == 0 ? Heartbeat : Heartbeat * 60,
            LeaderLeaseTimeout = Heartbeat,
            DisableProposalForwarding = true,
            SnapshotThreshold = ulong.MaxValue,
        };
        var snapshots = new InMemorySnapshotStore();
        await RaftNode.BootstrapClusterAsync(config, store.Log, store.Stable, snapshots, members);
        RaftNode node = await RaftNode.StartAsync(config, new NoFsm(), store.Log, store.Stable, snapshots, transport);
        _parts.Add(node);
        return node;
    }

    private sealed class Links : IServerAddressProvider
    {
        public (ServerId Id, string Address)? Detour { get; set; }

        public ServerAddress FindAddress(ServerId id) => Detour is { } detour && detour.Id == id ? detour.Address : default;
    }

    private sealed class NoFsm : IFsm
    {
        public object? Apply(LogEntry entry) => null;

        public IFsmSnapshot Snapshot() => throw new NotSupportedException("None is taken.");

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
