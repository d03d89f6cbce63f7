using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>
/// How much disk a node takes while it is written to without end. A share runs with all tests; <c>RAFT_DISK_WRITES</c> asks
/// for another number of writes, such as 1000000.
/// </summary>
public sealed class DiskUseTests
{
    /// <summary>
    /// The newest segment, the one prepared behind it, one that still holds trailing entries, and one that is being
    /// deleted; snapshots of this state machine are small.
    /// </summary>
    private const long BytesMax = 4 * WalOptions.DefaultSegmentBytes;

    [Test]
    [Reference("b07", "g17", "j08")]
    public async Task The_data_directory_stays_under_four_segments_with_the_default_threshold()
    {
        int writes = Environment.GetEnvironmentVariable("RAFT_DISK_WRITES") is { Length: > 0 } asked ? int.Parse(asked) : 100_000;
        using var directory = new TemporaryDirectory();
        await using WalStore wal = await WalStore.OpenAsync(directory.Path);
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(directory.Path);
        var network = new InMemoryNetwork(TimeProvider.System);
        var config = new RaftConfig { LocalId = "n1" };
        var founders = new ClusterConfiguration(new Server("n1", "n1:1"));
        await RaftNode.BootstrapClusterAsync(config, wal.Log, wal.Stable, snapshots, founders);
        await using RaftNode node = await RaftNode.StartAsync(
            config, new SummingFsm(), wal.Log, wal.Stable, snapshots, network.CreateTransport("n1:1", TimeSpan.FromSeconds(1)));
        await Sample.Eventually.HoldsAsync("it leads", () => node.State == RaftState.Leader);

        long most = 0;
        byte[] command = new byte[128];
        for (int done = 0; done < writes; done += 1000)
        {
            await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => node.ApplyAsync(command).AsTask()));
            most = Math.Max(most, SizeOf(directory.Path));
        }

        RaftStatus status = await node.GetStatusAsync();
        await TestContext.Out.WriteLineAsync(
            $"{writes} writes, at most {most >> 20} MiB; the log goes from {wal.Log.FirstIndex} to {wal.Log.LastIndex}, the snapshot to {status.LastSnapshotIndex}");
        Assert.That(most, Is.LessThan(BytesMax));
        Assert.That(status.LastSnapshotIndex, Is.GreaterThan(0));
    }

    private static long SizeOf(string directory)
    {
        long size = 0;
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                size += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Deleted meanwhile.
            }
        }

        return size;
    }

    private sealed class SummingFsm : IFsm
    {
        private long _count;

        public object? Apply(LogEntry entry) => ++_count;

        public IFsmSnapshot Snapshot() => new Held(_count);

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            byte[] count = new byte[sizeof(long)];
            await snapshot.ReadExactlyAsync(count, cancellationToken);
            _count = BitConverter.ToInt64(count);
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
