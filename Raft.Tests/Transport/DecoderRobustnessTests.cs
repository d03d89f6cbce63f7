using Raft.Tests.Golden;
using Raft.Tests.Support;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>
/// Broken and cut requests end their connection, and nothing else. <c>RAFT_FUZZ_REQUESTS=10000000</c> is the long run of changed ones.
/// </summary>
public sealed class DecoderRobustnessTests
{
    private const int UnexpectedEventId = 2008;
    private const int Seed = 20_260_727;

    private static int Changed => int.TryParse(Environment.GetEnvironmentVariable("RAFT_FUZZ_REQUESTS"), out int asked) ? asked : 10_000;

    private static IEnumerable<GoldenVector> Vectors => GoldenVector.Requests;

    [TestCaseSource(nameof(Vectors))]
    public async Task A_request_that_is_cut_off_anywhere_is_waited_for(GoldenVector vector)
    {
        byte[] bytes = vector.Bytes;
        int count = (await Decode.RequestsAsync(bytes, isEndClean: null)).Count;
        // Of the few long vectors, the inside of their long values shows nothing new.
        int step = bytes.Length > 10_000 ? 101 : 1;
        for (int length = 1; length < bytes.Length; length += length < 1000 || length > bytes.Length - 1000 ? 1 : step)
        {
            List<RpcRequest> requests = await Decode.RequestsAsync(bytes.AsMemory(0, length), isEndClean: null);
            bool isAnnouncedOnly = requests is [.., InstallSnapshotRequest];
            Assert.That(requests.Count, isAnnouncedOnly ? Is.EqualTo(count) : Is.LessThan(count), $"cut at {length}");
        }
    }

    [Test]
    [Reference("a44", "g04")]
    public async Task Random_changes_to_requests_end_their_connections_in_good_order()
    {
        var random = new Random(Seed);
        GoldenVector[] vectors = [.. Vectors.Where(v => v.Bytes.Length < 5000)];
        using var log = new LogLines();
        var options = new TcpTransportOptions { EntryBytesMax = 64 * 1024, LoggerFactory = log };
        var receiver = new TouchingReceiver();
        var context = new AcceptorContext(receiver, options, Requests.NoMeter, log);

        for (int i = 0; i < Changed; i++)
        {
            byte[] bytes = Change(random, [.. vectors[random.Next(vectors.Length)].Bytes]);
            using var connection = new ScriptedConnection(bytes, random.Next(1, 200));
            Task run = new AcceptedConnection(connection, context).RunAsync();

            await run.WaitAsync(TimeSpan.FromSeconds(20));

            Assert.That(log.Count(UnexpectedEventId), Is.Zero, $"seed {Seed}, round {i}: {Convert.ToHexString(bytes)}");
            Assert.That(context.Budget.UsedBytes, Is.Zero, $"seed {Seed}, round {i}: memory is given back");
        }

        Assert.That(receiver.Count, Is.GreaterThan(100), "some changes leave a request whole");
    }

    private static byte[] Change(Random random, List<byte> bytes)
    {
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 when bytes.Count > 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 4), bytes.Count - Math.Max(at, 1)));
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Looks at all that a request brought, as a node would.</summary>
    private sealed class TouchingReceiver : IRpcReceiver
    {
        public int Count { get; private set; }

        public void Receive(IncomingRpc rpc)
        {
            Count++;
            if (rpc.Request is AppendEntriesRequest { Entries: { } slices })
            {
                foreach (LogEntry entry in MessageAssert.Flatten(slices))
                {
                    _ = (entry.Index, entry.Term, entry.Type, entry.Data.Length, entry.Extensions.Length);
                    _ = entry.AppendedAt.ToDateTimeOffset();
                    _ = LogEncoding.Decode(entry.Encoded);
                }
            }

            rpc.Respond(null, "changed");
        }
    }
}
