using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Raft.Tests.Golden;
using Raft.Tests.Sample;
using Raft.Tests.Transport;
using Raft.Transport.Tcp;
using Raftchaos.Cluster;

namespace Raft.Tests.Chaos;

/// <summary>
/// Nonsense and silence at the raft ports of real processes, from several addresses, while clients write. <c>RAFT_MALFORMED_FRAMES=1000000</c>
/// is the long run, which judges memory and latency too.
/// </summary>
[TestFixture]
[Platform("Linux")]
public sealed class PortAttackTests
{
    private const string Variable = "RAFT_MALFORMED_FRAMES";
    private const int FramesInAShortRun = 2_000;
    private const int SlowInAShortRun = 500;
    private const int SlowInALongRun = 5_000;
    private const int AttackersOfALongRun = 4;
    private const int LastByteMax = 9;
    private const long MebibytesMax = 100;
    private const int Seed = 20_261_201;

    private static readonly string? Asked = Environment.GetEnvironmentVariable(Variable);
    private static readonly TimeSpan Quiet = Asked is null ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(30);

    [Test]
    public async Task Malformed_frames_end_their_connections_and_cost_others_nothing()
    {
        int frames = Asked is null ? FramesInAShortRun : int.Parse(Asked, CultureInfo.InvariantCulture);
        await using var cluster = new ProcessCluster { HasDefaultTimings = true };
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await WriteAsync(cluster, Task.Delay(Quiet));
        TimeSpan quiet = await WriteAsync(cluster, Task.Delay(Quiet));
        NodeFigures[] before = Figures(cluster);

        var clock = Stopwatch.StartNew();
        TimeSpan attacked = await WriteAsync(cluster, AttackAsync(cluster, frames));

        NodeFigures[] after = Figures(cluster);
        long growth = Enumerable.Range(0, 3).Max(n => after[n].ResidentBytes - before[n].ResidentBytes) >> 20;
        await TestContext.Out.WriteLineAsync(
            $"{frames} frames in {clock.Elapsed.TotalSeconds:0} s: resident memory grew by {growth} MiB, handles by "
            + $"{Enumerable.Range(0, 3).Max(n => after[n].Handles - before[n].Handles)}; commit p99 {attacked.TotalMilliseconds:0.0} ms, quiet {quiet.TotalMilliseconds:0.0} ms");
        RequireUnhurt(cluster);
        if (Asked is not null)
        {
            Assert.That(growth, Is.LessThan(MebibytesMax));
            Assert.That(attacked, Is.LessThan(2 * quiet));
        }
    }

    [Test]
    public async Task Connections_that_say_nothing_or_stop_in_the_middle_are_closed_within_ten_seconds()
    {
        int count = Asked is null ? SlowInAShortRun : SlowInALongRun;
        await using var cluster = new ProcessCluster { HasDefaultTimings = true };
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        byte[] half = GoldenVector.Requests.First(v => v.Bytes.Length > 100).Bytes[..50];
        var times = new List<TimeSpan>();
        TimeSpan attacked = await WriteAsync(cluster, Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            using Socket socket = await ConnectAsync(cluster.RaftPort(0), 2 + (i % (LastByteMax - 1)));
            long began = Stopwatch.GetTimestamp();
            await socket.SendAsync(i % 2 == 0 ? half : []);
            await EndAsync(socket).WaitAsync(TimeSpan.FromMinutes(1));
            lock (times)
            {
                times.Add(Stopwatch.GetElapsedTime(began));
            }
        })));

        await TestContext.Out.WriteLineAsync(
            $"{count} connections: the last was closed after {times.Max().TotalSeconds:0.00} s, {times.Count(t => t < TimeSpan.FromSeconds(1))} at once; "
            + $"commit p99 meanwhile {attacked.TotalMilliseconds:0.0} ms");
        RequireUnhurt(cluster);
        if (Asked is not null)
        {
            Assert.That(times.Max(), Is.LessThan(new TcpTransportOptions().Timeout + TimeSpan.FromSeconds(1)));
        }
    }

    private static async Task AttackAsync(ProcessCluster cluster, int frames)
    {
        int left = frames;
        await Task.WhenAll(Enumerable.Range(0, AttackersOfALongRun).Select(attacker => Task.Run(async () =>
        {
            var random = new Random(Seed + attacker);
            while (Interlocked.Decrement(ref left) >= 0)
            {
                byte[] frame = await MalformedAsync(random);
                using Socket socket = await ConnectAsync(cluster.RaftPort(random.Next(3)), random.Next(2, LastByteMax + 1));
                try
                {
                    await socket.SendAsync(frame);
                    socket.Shutdown(SocketShutdown.Send);
                    await EndAsync(socket);
                }
                catch (SocketException)
                {
                    // Closed with our bytes unread.
                }
            }
        })));
    }

    /// <summary>A request of a real server, changed until it is none: a valid one of a stranger is another matter, and TLS's.</summary>
    private static async Task<byte[]> MalformedAsync(Random random)
    {
        while (true)
        {
            byte[] bytes = [.. Vectors[random.Next(Vectors.Length)]];
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                bytes[random.Next(Math.Min(bytes.Length, 200))] = (byte)random.Next(256);
            }

            bytes = random.Next(3) == 0 ? bytes[..random.Next(1, bytes.Length)] : bytes;
            try
            {
                if ((await Decode.RequestsAsync(bytes, isEndClean: null)).Count == 0)
                {
                    return bytes;
                }
            }
            catch (Exception refused) when (refused is not AssertionException)
            {
                return bytes;
            }
        }
    }

    private static byte[][] Vectors { get; } = [.. GoldenVector.Requests.Select(v => v.Bytes).Where(b => b.Length is > 20 and < 5000)];

    private static async Task<Socket> ConnectAsync(int port, int lastByte)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)lastByte]), 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private static async Task EndAsync(Socket socket)
    {
        byte[] buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0)
            {
                // Answers.
            }
        }
        catch (SocketException)
        {
            // Reset.
        }
    }

    /// <summary>Writes one value after the other until something is over.</summary>
    /// <returns>The time within which 99 of 100 writes were answered.</returns>
    private static async Task<TimeSpan> WriteAsync(ProcessCluster cluster, Task until)
    {
        var times = new List<TimeSpan>();
        while (!until.IsCompleted || times.Count == 0)
        {
            long began = Stopwatch.GetTimestamp();
            if (await cluster.TrySendAsync(0, "PUT", "/kv/honest", [1]) is { Status: 200 })
            {
                times.Add(Stopwatch.GetElapsedTime(began));
            }
        }

        await until;
        return times.Order().ElementAt((int)((times.Count - 1) * 0.99));
    }

    private static NodeFigures[] Figures(ProcessCluster cluster) =>
        [.. Enumerable.Range(0, 3).Select(n => NodeFigures.Of(cluster.ProcessId(n))!)];

    private static void RequireUnhurt(ProcessCluster cluster)
    {
        for (int node = 0; node < 3; node++)
        {
            Assert.That(NodeFigures.Of(cluster.ProcessId(node)), Is.Not.Null, $"n{node + 1} runs");
            Assert.That(cluster.Errors(node), Does.Not.Contain("Exception"));
        }
    }
}
