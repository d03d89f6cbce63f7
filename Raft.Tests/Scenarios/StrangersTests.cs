using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using Raft.Tests.Golden;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>
/// Strangers at the raft port of real nodes under writes. A share runs with all tests; with
/// <c>RAFT_FUZZ_BYTES=10000000</c> so many random bytes, every vector cut at every byte, and 2,000 half-open connections.
/// </summary>
[Platform("Linux")]
public sealed class StrangersTests
{
    private const long GrowthMax = 100 << 20;

    private static readonly string? Asked = Environment.GetEnvironmentVariable("RAFT_FUZZ_BYTES");

    [Test]
    public async Task Nonsense_cut_requests_half_open_connections_and_huge_claims_cost_little_and_stop_nothing()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        await using var writers = new Writers(cluster, 4, 0, 1, 2);
        await writers.MoreAsync(Asked is null ? 300 : 3000);
        int target = await cluster.LeaderAsync();
        long quiet = MemoryOf(cluster.ProcessId(target));
        int port = cluster.RaftPort(target);
        var open = new List<TcpClient>();
        try
        {
            await OpenAsync(open, port, Asked is null ? 200 : 2000);
            await writers.MoreAsync(50);
            foreach (byte[][] pieces in Pieces().Chunk(16))
            {
                await Task.WhenAll(pieces.Select(piece => SendAsync(port, piece)));
            }

            await writers.MoreAsync(100);
            long growth = MemoryOf(cluster.ProcessId(target)) - quiet;
            await TestContext.Out.WriteLineAsync(
                $"{open.Count} half-open connections, {GoldenVector.Requests.Count()} vectors cut: {growth >> 20} MiB more than the {quiet >> 20} MiB before");
            Assert.That(growth, Is.LessThan(GrowthMax));
        }
        finally
        {
            open.ForEach(static c => c.Dispose());
        }

        await writers.AssertAllThereAsync(0, 1, 2);
    }

    private static IEnumerable<byte[]> Pieces() => Cuts().Concat(Claims()).Concat(Random());

    private static IEnumerable<byte[]> Cuts() =>
        from vector in GoldenVector.Requests
        let step = Asked is not null ? 1 : Math.Max(7, vector.Bytes.Length / 8)
        from length in Enumerable.Range(0, (vector.Bytes.Length - 1) / step)
        select vector.Bytes[..(1 + (length * step))];

    /// <summary>Each type of request with lengths that nobody has memory for.</summary>
    private static IEnumerable<byte[]> Claims()
    {
        foreach (byte type in (byte[])[0, 1, 2, 3, 4, 0x20])
        {
            foreach (uint length in (uint[])[uint.MaxValue, int.MaxValue, 1u << 31, 1 << 30])
            {
                foreach (byte head in (byte[])[0xdb, 0xc6, 0xdd, 0xdf])
                {
                    byte[] claim = [type, 0x89, 0xa4, (byte)'D', (byte)'a', (byte)'t', (byte)'a', head, 0, 0, 0, 0];
                    BinaryPrimitives.WriteUInt32BigEndian(claim.AsSpan(8), length);
                    yield return claim;
                    yield return [type, head, .. claim[8..]];
                }
            }
        }
    }

    private static IEnumerable<byte[]> Random()
    {
        var random = new Random(20_261_120);
        for (int left = Asked is { Length: > 0 } ? int.Parse(Asked, CultureInfo.InvariantCulture) : 200_000; left > 0;)
        {
            byte[] bytes = new byte[Math.Min(left, random.Next(1, 4000))];
            random.NextBytes(bytes);
            bytes[0] = random.Next(2) == 0 ? (byte)random.Next(5) : bytes[0];
            left -= bytes.Length;
            yield return bytes;
        }
    }

    private static async Task OpenAsync(List<TcpClient> open, int port, int count)
    {
        byte[] half = GoldenVector.Requests.First(static v => v.Name == "request_vote").Bytes[..20];
        for (int i = 0; i < count; i++)
        {
            var client = new TcpClient();
            open.Add(client);
            await client.ConnectAsync("127.0.0.1", port);
            if (i % 2 == 0)
            {
                await client.GetStream().WriteAsync(half);
            }
        }
    }

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        try
        {
            await client.GetStream().WriteAsync(bytes);
            client.Client.Shutdown(SocketShutdown.Send);
            _ = await client.Client.ReceiveAsync(new byte[1]);
        }
        catch (Exception end) when (end is IOException or SocketException or InvalidOperationException)
        {
            // It was closed at once, as it should be.
        }
    }

    private static long MemoryOf(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(6).Trim(" \tkB"), CultureInfo.InvariantCulture);
    }
}
