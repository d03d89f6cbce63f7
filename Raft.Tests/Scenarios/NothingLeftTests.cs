using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Raft.Stores.Wal;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Scenarios;

/// <summary>Nodes that come and go in one process leave nothing in it.</summary>
public sealed class NothingLeftTests
{
    private const int WarmUp = 20;
    private const int RoundsInAShortRun = 200;

    /// <summary>Set <c>RAFT_STARTS=1000</c> for the long run.</summary>
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("RAFT_STARTS"), out int rounds) ? rounds : RoundsInAShortRun;

    [Test]
    [Reference("d09")]
    public async Task Starts_and_stops_leave_no_task_handle_timer_or_port()
    {
        using var directory = new TemporaryDirectory();
        string address = $"127.0.0.1:{TestPorts.Take(1)[0]}";
        for (int i = 0; i < WarmUp; i++)
        {
            await RunAsync(directory.Path, address, i);
        }

        Held before = Held.Now();
        var nodes = new List<WeakReference>();
        int rounds = Rounds;
        for (int i = 0; i < rounds; i++)
        {
            nodes.Add(await RunAsync(directory.Path, address, i));
        }

        // What still runs, waits for a timer or is registered anywhere keeps its node.
        Held after = Held.Now();
        TestContext.Out.WriteLine($"before: {before}, after: {after}, nodes alive: {nodes.Count(n => n.IsAlive)}");
        Assert.That(nodes.Count(n => n.IsAlive), Is.LessThanOrEqualTo(1), "the last one may still be in a register");

        // The process is shared with other tests and the runtime, which open and close a few handles of their own.
        Assert.That(after.Handles, Is.LessThan(before.Handles + (rounds / 10)), "files and sockets");
        Assert.That(after.Timers, Is.LessThan(before.Timers + (rounds / 10)));
        Assert.That(Held.FilesIn(directory.Path), Is.Empty);
        using var again = new TcpListener(IPEndPoint.Parse(address));
        Assert.That(again.Start, Throws.Nothing, "the port is free");
    }

    /// <summary>One life of a node, from its stores to its end, which comes in the midst of different things.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> RunAsync(string directory, string address, int round)
    {
        var config = new RaftConfig
        {
            LocalId = "n1",
            HeartbeatTimeout = TimeSpan.FromMilliseconds(5),
            ElectionTimeout = TimeSpan.FromMilliseconds(5),
            LeaderLeaseTimeout = TimeSpan.FromMilliseconds(5),
            DiskStallTimeout = TimeSpan.FromSeconds(30),
        };
        await using WalStore wal = await WalStore.OpenAsync(
            directory, options: new WalOptions { SegmentBytes = WalOptions.SegmentBytesMin });
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(directory);
        if (!await RaftNode.HasExistingStateAsync(wal.Log, wal.Stable, snapshots))
        {
            await RaftNode.BootstrapClusterAsync(
                config, wal.Log, wal.Stable, snapshots, new ClusterConfiguration([new Server("n1", address)]));
        }

        TcpTransport transport = await TcpTransport.ListenAsync(new TcpTransportOptions { BindAddress = address });
        RaftNode node = await RaftNode.StartAsync(config, new CountingFsm(), wal.Log, wal.Stable, snapshots, transport);
        Task[] waiting = [];
        if (round % 2 == 1)
        {
            Assert.That(await node.LeadershipChanges.ReadAsync(), Is.True);
            waiting = [.. Enumerable.Range(0, 10).Select(_ => (Task)node.ApplyAsync(new byte[100]).AsTask())];
        }

        if (round % 4 == 3)
        {
            await Task.WhenAll(waiting);
            waiting = [node.SnapshotAsync(), node.AddNonvoterAsync("n2", "127.0.0.1:1"), node.ReadIndexAsync()];
        }

        await node.DisposeAsync();
        await Task.WhenAll(waiting).ContinueWith(
            static all => _ = all.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return new WeakReference(node.Core);
    }

    /// <summary>What the process holds, after everything that nobody holds has gone.</summary>
    private sealed record Held(int Handles, long Timers)
    {
        /// <summary>The open files below a directory. Known on Linux alone.</summary>
        public static IEnumerable<string> FilesIn(string directory) => !OperatingSystem.IsLinux() ? []
            : Directory.GetFiles("/proc/self/fd")
                .Select(f => File.ResolveLinkTarget(f, returnFinalTarget: false)?.FullName ?? "")
                .Where(f => f.StartsWith(directory, StringComparison.Ordinal));

        public static Held Now()
        {
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            using var process = System.Diagnostics.Process.GetCurrentProcess();
            int handles = OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount;
            return new Held(handles, Timer.ActiveCount);
        }
    }
}
