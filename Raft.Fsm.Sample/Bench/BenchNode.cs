using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>One node of a benchmark: the library with a state machine that only counts. Disposed after the run.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    private readonly NodeStores _stores;

    private BenchNode(NodeStores stores, RaftNode raft, ServerAddress address)
    {
        _stores = stores;
        Raft = raft;
        Address = address;
    }

    /// <summary>The Raft node.</summary>
    public RaftNode Raft { get; }

    /// <summary>Where the others reach it.</summary>
    public ServerAddress Address { get; }

    /// <summary>Starts a node on a free port of the loopback.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="data">Where the store lives.</param>
    /// <param name="heartbeat">How long it waits for a leader: short for the one that is to lead.</param>
    /// <param name="others">The other founders, to found the cluster here; null to wait for who did.</param>
    public static async Task<BenchNode> StartAsync(
        string id, string store, string data, TimeSpan heartbeat, IReadOnlyList<Server>? others)
    {
        NodeStores stores = await NodeStores.OpenAsync(store, data);
        var loopback = new HostPort("127.0.0.1", 0);
        ITransport transport = await NodeTransport.ListenAnyPortAsync(loopback);
        ServerAddress address = transport.LocalAddress;
        var config = new RaftConfig
        {
            LocalId = id,
            HeartbeatTimeout = heartbeat,
            ElectionTimeout = heartbeat,
            LeaderLeaseTimeout = heartbeat,
            LoggerFactory = NullLoggerFactory.Instance,
        };
        if (others is not null)
        {
            await RaftNode.BootstrapClusterAsync(
                config, stores.Log, stores.Stable, stores.Snapshots, new ClusterConfiguration([new Server(id, address), .. others]));
        }

        RaftNode raft = await RaftNode.StartAsync(config, new CountingFsm(), stores.Log, stores.Stable, stores.Snapshots, transport);
        return new BenchNode(stores, raft, address);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Raft.DisposeAsync();
        await _stores.DisposeAsync();
    }

    /// <summary>A state machine that only counts.</summary>
    public sealed class CountingFsm : IFsm
    {
        /// <summary>How many commands were applied.</summary>
        public long Count { get; private set; }

        public object? Apply(LogEntry entry)
        {
            Count++;
            return null;
        }

        public IFsmSnapshot Snapshot() => new Held(Count);

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            byte[] count = new byte[sizeof(long)];
            await snapshot.ReadExactlyAsync(count, cancellationToken);
            Count = BitConverter.ToInt64(count);
        }

        private sealed class Held(long count) : IFsmSnapshot
        {
            public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
                await destination.WriteAsync(BitConverter.GetBytes(count), cancellationToken);

            public void Dispose()
            {
            }
        }
    }
}
