using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>
/// Handshakes that come to nothing leave nothing behind. A share runs with all tests; <c>RAFT_HANDSHAKES=10000</c> runs all.
/// </summary>
[TestFixture]
public sealed class AbortedHandshakesTests : TlsServers
{
    private const int CountInAShortRun = 300;
    private const int WarmUp = 50;
    private const long GrowthMax = 64 << 20;

    private static int Count => int.TryParse(
        Environment.GetEnvironmentVariable("RAFT_HANDSHAKES"), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        ? count : CountInAShortRun;

    [Test]
    public async Task Aborted_handshakes_of_every_kind_leave_no_connection_handle_or_memory_behind()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        byte[] hello = await TlsPeer.HelloAsync();
        await AbortAsync(transport, hello, WarmUp);

        (int handles, long bytes) = Held();
        int count = Count;
        await AbortAsync(transport, hello, count);
        (int handlesAfter, long bytesAfter) = Held();

        TestContext.Out.WriteLine(
            $"{count} handshakes: {handles} handles before, {handlesAfter} after; {bytes >> 10} KiB resident before, {bytesAfter >> 10} after");
        Assert.That(transport.Acceptor!.ConnectionCount, Is.Zero);
        Assert.That(transport.Acceptor.Budget.UsedBytes, Is.Zero);

        // The process is shared with other tests and the runtime, which open and close a few handles of their own.
        Assert.That(handlesAfter, Is.LessThan(handles + (count / 10)));
        Assert.That(bytesAfter - bytes, Is.LessThan(count > CountInAShortRun ? GrowthMax : long.MaxValue));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"));
        await peer.SendAsync(Requests.Bytes(Requests.Vote()));
        await peer.ReceiveAsync(Requests.Bytes(new RequestVoteResponse(Requests.Header)).Length);
    }

    [Test]
    public async Task Aborted_handshakes_of_a_server_that_dials_leave_nothing_behind_either()
    {
        TcpTransport stranger = await ListenAsync(new() { StreamLayer = await Theirs.LayerAsync("n2") });
        stranger.Start(Receiver);
        TcpTransport plain = await ListenAsync(new());
        plain.Start(Receiver);
        TcpTransport asker = await ListenAsync(new() { StreamLayer = await Ours.LayerAsync("n1") });

        await DialAsync(WarmUp);
        (int handles, _) = Held();
        int count = Count;
        await DialAsync(count);
        (int handlesAfter, _) = Held();

        Assert.That(handlesAfter, Is.LessThan(handles + (count / 10)));
        Assert.That(asker.DialledCount, Is.Zero);

        async Task DialAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                var target = new Server("n2", (i % 2 == 0 ? stranger : plain).LocalAddress);
                Assert.ThrowsAsync<TransportException>(async () => await asker.RequestVoteAsync(target, Requests.Vote(), default));
            }

            await Until.TrueAsync(
                () => stranger.Acceptor!.ConnectionCount + plain.Acceptor!.ConnectionCount == 0, "the other sides have closed too");
        }
    }

    private async Task AbortAsync(TcpTransport transport, byte[] hello, int count)
    {
        var certificate = Theirs.Issue("n1");
        for (int i = 0; i < count; i++)
        {
            if (i % 5 == 4)
            {
                using TlsPeer refused = await TlsPeer.ConnectAsync(transport.LocalAddress, certificate);
                await refused.ExpectEndAsync();
                continue;
            }

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPEndPoint.Parse(transport.LocalAddress.ToString()));
            await socket.SendAsync(hello.AsMemory(0, (i % 5) switch { 0 => 0, 1 => 3, 2 => hello.Length / 2, _ => hello.Length }));
            if (i % 3 == 0)
            {
                // By a reset.
                socket.LingerState = new LingerOption(true, 0);
            }
        }

        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "all are closed");
    }

    private static (int Handles, long Bytes) Held()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return (OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount, process.WorkingSet64);
    }
}
