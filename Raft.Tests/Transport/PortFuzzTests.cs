using System.Globalization;
using Raft.Tests.Golden;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>
/// Nonsense sent to a live port: it ends its connection, and nothing else. A share runs with all tests; with
/// <c>RAFT_FUZZ_BYTES=10000000</c> so many random bytes, and every vector cut at every byte.
/// </summary>
public sealed class PortFuzzTests
{
    private const string BytesVariable = "RAFT_FUZZ_BYTES";
    private const int SharedBytes = 2_000_000;
    private const int AtOnce = 16;
    private const int UnexpectedEventId = 2008;
    private const int Seed = 20_261_120;

    private static readonly string? Asked = Environment.GetEnvironmentVariable(BytesVariable);

    [Test]
    [Reference("g04")]
    public Task Random_bytes_end_their_connection_and_nothing_else()
    {
        int left = Asked is { Length: > 0 } ? int.Parse(Asked, CultureInfo.InvariantCulture) : SharedBytes;
        return SendAllAsync(Pieces());

        IEnumerable<byte[]> Pieces()
        {
            var random = new Random(Seed);
            byte[][] heads = [.. GoldenVector.Requests.Select(static v => v.Bytes).Where(static b => b.Length > 20)];
            while (left > 0)
            {
                byte[] bytes = new byte[Math.Min(left, random.Next(1, random.Next(2, 4000)))];
                random.NextBytes(bytes);
                // Half of them begin like a request, or are refused at the first byte.
                if (random.Next(2) == 0)
                {
                    byte[] head = heads[random.Next(heads.Length)];
                    head.AsSpan(0, Math.Min(bytes.Length, random.Next(1, head.Length))).CopyTo(bytes);
                }

                left -= bytes.Length;
                yield return bytes;
            }
        }
    }

    [Test]
    public Task A_request_that_breaks_off_at_any_byte_ends_its_connection_and_nothing_else()
    {
        return SendAllAsync(GoldenVector.Requests.SelectMany(static vector => Cuts(vector.Bytes)));

        // The first bytes hold the fields; of long values the inside shows nothing new, so a share of it will do.
        static IEnumerable<byte[]> Cuts(byte[] bytes)
        {
            for (int length = 1; length < bytes.Length; length += Asked is null && length > 400 ? 509 : 1)
            {
                yield return bytes[..length];
            }
        }
    }

    private static async Task SendAllAsync(IEnumerable<byte[]> pieces)
    {
        using var log = new LogLines();
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e) => unobserved.Add(e.Exception);

        // What other tests left behind is told before.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await using TcpTransport transport =
                await TcpTransport.ListenAsync(new() { LoggerFactory = log, EntryBytesMax = 64 * 1024 });
            transport.Start(new ReadingReceiver());
            foreach (byte[][] group in pieces.Chunk(AtOnce))
            {
                await Task.WhenAll(group.Select(piece => SendAsync(transport, piece)));
            }

            await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "no connection is left");
            await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == 0, "all memory is given back");
            await Until.TrueAsync(() => transport.Acceptor!.SnapshotCount == 0, "no snapshot is left");
            using RawPeer honest = await RawPeer.ConnectAsync(transport.LocalAddress);
            byte[] answer = Requests.Bytes(null, "heard");
            await honest.SendAsync(Requests.Bytes(Requests.Vote()));
            Assert.That(await honest.ReceiveAsync(answer.Length), Is.EqualTo(answer));
        }
        finally
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.That(unobserved, Is.Empty);
        Assert.That(log.All.Where(static line => line.Id == UnexpectedEventId), Is.Empty);
    }

    private static async Task SendAsync(TcpTransport transport, byte[] bytes)
    {
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAndEndAsync(bytes);
    }

    /// <summary>Looks at all that a request brought, as a node would, and answers.</summary>
    private sealed class ReadingReceiver : IRpcReceiver
    {
        public void Receive(IncomingRpc rpc) => _ = Task.Run(() => ReadAsync(rpc));

        private static async Task ReadAsync(IncomingRpc rpc)
        {
            foreach (LogEntry entry in MessageAssert.Flatten((rpc.Request as AppendEntriesRequest)?.Entries))
            {
                _ = (entry.Index, entry.Term, entry.Type, entry.Data.Length, entry.Extensions.Length);
                _ = LogEncoding.Decode(entry.Encoded);
            }

            try
            {
                byte[] buffer = new byte[1000];
                while (rpc.Body is { } body && await body.ReadAsync(buffer) > 0)
                {
                }
            }
            catch (TransportException)
            {
                // It broke off.
            }

            rpc.Respond(null, "heard");
        }
    }
}
