using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>One node of a benchmark: the library with a state machine that does next to nothing. Disposed after the run.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    /// <summary>Few enough that whoever is new is sent the snapshot.</summary>
    private const ulong TrailingLogs = 16;

    private readonly NodeStores _stores;

    private BenchNode(NodeStores stores, RaftNode raft, ServerAddress address, CountingFsm machine)
    {
        _stores = stores;
        Raft = raft;
        Address = address;
        Machine = machine;
    }

    /// <summary>The Raft node.</summary>
    public RaftNode Raft { get; }

    /// <summary>Where the others reach it.</summary>
    public ServerAddress Address { get; }

    /// <summary>Its state machine.</summary>
    public CountingFsm Machine { get; }

    /// <summary>Starts a node on the loopback.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="data">Where the store lives.</param>
    /// <param name="options">What is measured.</param>
    /// <param name="heartbeat">How long it waits for a leader: short for the one that is to lead.</param>
    /// <param name="others">The other founders, to found the cluster here; null to wait for who did.</param>
    /// <param name="listen">Where it listens; null for a free port.</param>
    public static async Task<BenchNode> StartAsync(
        string id, string data, BenchOptions options, TimeSpan heartbeat, IReadOnlyList<Server>? others, HostPort? listen = null)
    {
        NodeStores stores = await NodeStores.OpenAsync(options.Store, data);
        ITransport transport = await NodeTransport.ListenAnyPortAsync(
            listen ?? new HostPort("127.0.0.1", 0), id,
            options.TlsDirectory is { } directory ? BenchCertificates.FilesOf(directory, id) : null);
        ServerAddress address = transport.LocalAddress;
        RaftConfig defaults = new() { LocalId = id };
        var config = new RaftConfig
        {
            LocalId = id,
            HeartbeatTimeout = heartbeat,
            ElectionTimeout = heartbeat,
            LeaderLeaseTimeout = heartbeat,
            LoggerFactory = NullLoggerFactory.Instance,

            // What is caught up with comes from the log, or from one snapshot, as the mode has it.
            SnapshotThreshold = options.Mode == BenchMode.Throughput ? defaults.SnapshotThreshold : ulong.MaxValue,
            TrailingLogs = options.Mode == BenchMode.Snapshot ? TrailingLogs : defaults.TrailingLogs,
            Limits = options.SnapshotMebibytesPerSecond is > 0 and var pace
                ? new RaftLimits { SnapshotSendBytesPerSecond = (long)pace << 20 } : defaults.Limits,
        };
        if (others is not null)
        {
            await RaftNode.BootstrapClusterAsync(
                config, stores.Log, stores.Stable, stores.Snapshots, new ClusterConfiguration([new Server(id, address), .. others]));
        }

        var machine = new CountingFsm();
        RaftNode raft = await RaftNode.StartAsync(config, machine, stores.Log, stores.Stable, stores.Snapshots, transport);
        return new BenchNode(stores, raft, address, machine);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Raft.DisposeAsync();
        await _stores.DisposeAsync();
    }

    /// <summary>A state machine that counts, and carries as many bytes as it is told to.</summary>
    public sealed class CountingFsm : IFsm
    {
        private byte[] _ballast = [];

        /// <summary>How many commands were applied.</summary>
        public long Count { get; private set; }

        /// <summary>Makes the state large.</summary>
        /// <param name="mebibytes">By how much.</param>
        public void Grow(int mebibytes)
        {
            byte[] ballast = GC.AllocateUninitializedArray<byte>(mebibytes << 20);
            new Random(1).NextBytes(ballast);
            Volatile.Write(ref _ballast, ballast);
        }

        public object? Apply(LogEntry entry)
        {
            Count++;
            return null;
        }

        public IFsmSnapshot Snapshot() => new Held(Count, Volatile.Read(ref _ballast));

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            byte[] head = new byte[sizeof(long) + sizeof(int)];
            await snapshot.ReadExactlyAsync(head, cancellationToken);
            byte[] ballast = GC.AllocateUninitializedArray<byte>(BitConverter.ToInt32(head, sizeof(long)));
            await snapshot.ReadExactlyAsync(ballast, cancellationToken);
            Count = BitConverter.ToInt64(head);
            Volatile.Write(ref _ballast, ballast);
        }

        private sealed class Held(long count, byte[] ballast) : IFsmSnapshot
        {
            public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
            {
                await destination.WriteAsync(BitConverter.GetBytes(count), cancellationToken);
                await destination.WriteAsync(BitConverter.GetBytes(ballast.Length), cancellationToken);
                await destination.WriteAsync(ballast, cancellationToken);
            }

            public void Dispose()
            {
            }
        }
    }
}
