using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>A connection behind TLS is like one of plain sockets.</summary>
[TestFixture]
public sealed class TlsConnectionTests : TlsServers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<IDisposable> _open = [];

    [TearDown]
    public void Close()
    {
        _open.ForEach(static o => o.Dispose());
        _open.Clear();
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task All_bytes_of_all_segments_arrive_in_order_in_both_directions_at_once(int seed)
    {
        var random = new Random(seed);
        (IStreamConnection dialled, IStreamConnection accepted) = await PairAsync(new CarriedConnection.Layer());
        byte[] there = new byte[3 << 20], back = new byte[3 << 20];
        random.NextBytes(there);
        random.NextBytes(back);

        Task<byte[]>[] received = [ReceiveAsync(accepted, there.Length), ReceiveAsync(dialled, back.Length)];
        await Task.WhenAll(
            SendAsync(dialled, there, new Random(seed)), SendAsync(accepted, back, new Random(seed + 1)),
            received[0], received[1]).WaitAsync(Patience);

        Assert.That((await received[0]).AsSpan().SequenceEqual(there), Is.True);
        Assert.That((await received[1]).AsSpan().SequenceEqual(back), Is.True);
    }

    [TestCase(1, 100, 100)]
    [TestCase(1, 1, 16_000, 100)]
    [TestCase(1, 100, 60_000, 100)]
    [TestCase(5, 100, 250_000, 100)]
    public async Task Segments_go_out_in_few_calls_of_the_system(int most, params int[] segments)
    {
        var layer = new CarriedConnection.Layer();
        (IStreamConnection dialled, IStreamConnection accepted) = await PairAsync(layer);
        Task<byte[]> first = ReceiveAsync(accepted, 1);
        await dialled.SendAsync([new byte[1]]);
        await first;
        int before = layer.Dialled!.SendCount;
        Task<byte[]> received = ReceiveAsync(accepted, segments.Sum());

        await dialled.SendAsync([.. segments.Select(static s => new ReadOnlyMemory<byte>(new byte[s]))]);

        await received.WaitAsync(Patience);
        Assert.That(layer.Dialled.SendCount - before, Is.LessThanOrEqualTo(most));
    }

    [Test]
    public async Task Session_tickets_that_wait_on_an_idle_connection_are_no_end_of_it()
    {
        var layer = new CarriedConnection.Layer();
        using var server = new TicketServer(Ours.Issue("n2"));
        using IStreamConnection dialled = await DialAsync(layer, server.Address);
        await dialled.SendAsync([new byte[1]]);
        await server.ReceiveAsync(1);
        await Until.TrueAsync(() => !layer.Dialled!.IsQuiet, "the tickets are there, and nobody has read them");

        Assert.That(dialled.IsQuiet, Is.True);
        Assert.That(layer.Dialled!.IsQuiet, Is.True, "they are taken out");
        Assert.That(dialled.IsQuiet, Is.True, "however often it is asked");
        byte[] answer = [.. Enumerable.Range(0, 1500).Select(static i => (byte)i)];
        await server.SendAsync(answer);

        Assert.That(await ReceiveAsync(dialled, answer.Length, most: 700), Is.EqualTo(answer));
        Assert.That(dialled.IsQuiet, Is.True);
        await server.SendAsync(answer);
        Assert.That(await ReceiveAsync(dialled, answer.Length), Is.EqualTo(answer), "and as before afterwards");
    }

    [TestCase("bytes")]
    [TestCase("an end in good order")]
    [TestCase("an end")]
    public async Task What_else_waits_on_an_idle_connection_is_its_end(string what)
    {
        var layer = new CarriedConnection.Layer();
        using var server = new TicketServer(Ours.Issue("n2"));
        using IStreamConnection dialled = await DialAsync(layer, server.Address);
        await dialled.SendAsync([new byte[1]]);
        await server.ReceiveAsync(1);
        await Until.TrueAsync(() => !layer.Dialled!.IsQuiet, "the tickets are there");
        Assert.That(dialled.IsQuiet, Is.True);

        await server.EndAsync(what);

        await Until.TrueAsync(() => !dialled.IsQuiet, "it is seen");
        if (what == "an end in good order")
        {
            Assert.That(await dialled.ReceiveAsync(new byte[1]), Is.Zero, "as of a server that does not know a request");
        }
        else if (what == "an end")
        {
            Assert.That(
                async () => await dialled.ReceiveAsync(new byte[1]),
                Throws.InstanceOf<IOException>().With.InnerException.InstanceOf<AuthenticationException>());
        }
    }

    [Test]
    public async Task Disposing_ends_a_handshake_a_receive_and_a_send_that_wait()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        IStreamConnection silent = await DialAsync(new CarriedConnection.Layer(), listener.LocalEndpoint.ToString()!);
        Task<int> shaking = silent.ReceiveAsync(new byte[1]).AsTask();
        Task waiting = silent.SendAsync([new byte[1]]).AsTask();
        (IStreamConnection dialled, IStreamConnection accepted) = await PairAsync(new CarriedConnection.Layer());
        Task<byte[]> first = ReceiveAsync(accepted, 1);
        await dialled.SendAsync([new byte[1]]);
        await first;
        Task<int> receiving = dialled.ReceiveAsync(new byte[1]).AsTask();
        Task sending = dialled.SendAsync([new byte[64 << 20]]).AsTask();

        silent.Dispose();
        dialled.Dispose();

        foreach (Task ended in (Task[])[shaking, waiting, receiving, sending])
        {
            Assert.ThrowsAsync<ObjectDisposedException>(() => ended.WaitAsync(Patience));
        }

        dialled.Dispose();
        Assert.That(dialled.IsQuiet, Is.False);
    }

    private async Task<(IStreamConnection Dialled, IStreamConnection Accepted)> PairAsync(CarriedConnection.Layer layer)
    {
        TlsStreamLayer answering = await Ours.LayerAsync("n2");
        using IStreamListener listener = answering.Listen(new(IPAddress.Loopback, 0));
        ValueTask<IStreamConnection> accepting = listener.AcceptAsync();
        IStreamConnection dialled = await DialAsync(layer, listener.LocalEndPoint.ToString());
        IStreamConnection accepted = await accepting;
        _open.AddRange([dialled, accepted]);
        return (dialled, accepted);
    }

    private async Task<IStreamConnection> DialAsync(IStreamLayer inner, string address)
    {
        var credentials = Ours.For("n1");
        TlsStreamLayer layer = await TlsStreamLayer.OpenAsync(new TlsOptions { Credentials = () => credentials }, inner);
        return await layer.DialAsync(new Server("n2", address), default);
    }

    private static async Task SendAsync(IStreamConnection connection, ReadOnlyMemory<byte> bytes, Random random)
    {
        while (!bytes.IsEmpty)
        {
            var segments = new List<ReadOnlyMemory<byte>>();
            for (int i = random.Next(1, 30); i > 0 && !bytes.IsEmpty; i--)
            {
                int count = Math.Min(bytes.Length, random.Next(0, random.Next(2) == 0 ? 300 : 70_000));
                segments.Add(bytes[..count]);
                bytes = bytes[count..];
            }

            await connection.SendAsync(segments);
        }
    }

    private static async Task<byte[]> ReceiveAsync(IStreamConnection connection, int count, int most = int.MaxValue)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int received = await connection.ReceiveAsync(bytes.AsMemory(at, Math.Min(most, count - at))).AsTask().WaitAsync(Patience);
            Assert.That(received, Is.Positive);
            at += received;
        }

        return bytes;
    }
}
