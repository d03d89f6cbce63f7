using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Raft.Tests.Sample;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Three nodes behind TLS, whose certificates are replaced while they are written to.</summary>
[TestFixture]
public sealed class TlsClusterTests
{
    private const int Rotations = 50;
    private const int Callers = 4;

    private readonly TestAuthority _authority = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly List<TcpTransport> _transports = [];
    private readonly List<RaftNode> _nodes = [];
    private readonly List<WordsFsm> _machines = [];
    private readonly ConcurrentQueue<string> _acknowledged = new();
    private Server[] _servers = [];

    [TearDown]
    public async Task EndAsync()
    {
        foreach (RaftNode node in _nodes)
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
        _authority.Dispose();
    }

    [Test]
    [Reference("d03")]
    public async Task Fifty_rotations_under_load_lose_no_acknowledged_write()
    {
        await StartAsync();
        using var stop = new CancellationTokenSource();
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(c => Task.Run(() => WriteAsync(c, stop.Token)))];

        for (int i = 0; i < Rotations; i++)
        {
            int node = i % _servers.Length;
            X509Certificate2 next = _authority.Issue(_servers[node].Id.ToString());
            _authority.Write(_directory, _servers[node].Id.ToString(), next);

            // What is open goes on with the old one: closed, it is made anew with the new one, in both directions.
            _transports[node].CloseStreams();
            int target = _acknowledged.Count + 10;
            await Eventually.HoldsAsync($"writes go on after rotation {i + 1}", () => _acknowledged.Count >= target);
            using TlsPeer peer = await TlsPeer.ConnectAsync(_servers[node].Address, certificate: null);
            Assert.That(peer.SerialNumber, Is.EqualTo(next.SerialNumber));
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        foreach (WordsFsm machine in _machines)
        {
            await Eventually.HoldsAsync(
                "every node has all that was acknowledged", () => _acknowledged.All(machine.Words.ContainsKey),
                () => $"{machine.Words.Count} words, {_acknowledged.Count} acknowledged");
        }

        TestContext.Out.WriteLine($"{_acknowledged.Count} acknowledged writes over {Rotations} rotations, none lost");
    }

    private async Task StartAsync()
    {
        _servers = [.. TestPorts.Take(3).Select(static (port, i) => new Server($"n{i + 1}", $"127.0.0.1:{port}"))];
        foreach (Server server in _servers)
        {
            TlsOptions files = _authority.Write(_directory, server.Id.ToString(), _authority.Issue(server.Id.ToString()));
            TcpTransport transport = await TcpTransport.ListenAsync(new TcpTransportOptions
            {
                BindAddress = server.Address.ToString(),
                ClusterId = "blue",
                StreamLayer = await TlsStreamLayer.OpenAsync(files),
            });
            _transports.Add(transport);
            var config = new RaftConfig
            {
                LocalId = server.Id,
                HeartbeatTimeout = TimeSpan.FromMilliseconds(500),
                ElectionTimeout = TimeSpan.FromMilliseconds(500),
                LeaderLeaseTimeout = TimeSpan.FromMilliseconds(500),
            };
            var (log, stable, snapshots) = (new InMemoryLogStore(), new InMemoryStableStore(), new InMemorySnapshotStore());
            await RaftNode.BootstrapClusterAsync(config, log, stable, snapshots, new ClusterConfiguration(_servers));
            _machines.Add(new WordsFsm());
            _nodes.Add(await RaftNode.StartAsync(config, _machines[^1], log, stable, snapshots, transport));
        }
    }

    private async Task WriteAsync(int caller, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            // Each word is written once: what happened to a write without an answer does not matter.
            string word = string.Create(CultureInfo.InvariantCulture, $"{caller}-{i}");
            try
            {
                await _nodes[(caller + i) % _nodes.Count].ApplyAsync(Encoding.UTF8.GetBytes(word), cancellationToken: CancellationToken.None);
                _acknowledged.Enqueue(word);
            }
            catch (RaftException)
            {
                await Task.Yield();
            }
        }
    }

    private sealed class WordsFsm : IFsm
    {
        public ConcurrentDictionary<string, bool> Words { get; } = new();

        public object? Apply(LogEntry entry)
        {
            Words[Encoding.UTF8.GetString(entry.Data.Span)] = true;
            return null;
        }

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
