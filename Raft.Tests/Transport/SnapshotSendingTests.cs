using System.Net;
using System.Net.Sockets;
using Raft.Tests.Support;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Sending;

namespace Raft.Tests.Transport;

/// <summary>The side of the transport that sends a snapshot.</summary>
public sealed class SnapshotSendingTests
{
    private const int Size = 64 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly InstallSnapshotResponse Answer = new(default(RpcHeader)) { Term = 12 };

    private TcpListener _listener = null!;

    [SetUp]
    public void Listen()
    {
        _listener = new(IPAddress.Loopback, 0);
        _listener.Start();
    }

    [TearDown]
    public void Close() => _listener.Dispose();

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_receiver_that_answers_early_and_reads_no_more_is_heard(bool closes)
    {
        await using TcpTransport transport = await TcpTransport.ListenAsync(new());

        Task<InstallSnapshotResponse> call = CallAsync(transport, Size);
        using Socket socket = await AcceptAsync();
        await socket.SendAsync(Requests.Bytes(Answer));
        if (closes)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        Assert.That(await call.WaitAsync(Patience), Is.EqualTo(Answer));
        Assert.That(transport.DialledCount, Is.Zero, "the connection is not used again");
    }

    [Test]
    public async Task A_receiver_that_closes_in_the_middle_fails_the_call()
    {
        await using TcpTransport transport = await TcpTransport.ListenAsync(new());

        Task call = CallAsync(transport, Size);
        using (await AcceptAsync())
        {
        }

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        Assert.That(failed.Failure, Is.AnyOf(TransportFailure.Closed, TransportFailure.Broken));
        Assert.That(transport.DialledCount, Is.Zero);
    }

    [Test]
    public async Task A_receiver_that_takes_no_bytes_for_the_timeout_fails_the_call()
    {
        var clock = new ManualClock();
        await using TcpTransport transport =
            await TcpTransport.ListenAsync(new() { TimeProvider = clock, Timeout = TimeSpan.FromSeconds(7) });
        var body = new SlowCount(Size);

        Task call = transport.InstallSnapshotAsync(Target, Request(Size), body, default).AsTask();
        using Socket socket = await AcceptAsync();
        await body.StopsAsync();
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.That(call.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(7));

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.TimedOut));
    }

    [Test]
    public async Task An_answer_may_take_longer_the_larger_the_snapshot_is()
    {
        const int size = 1024 * 1024;
        var clock = new ManualClock();
        await using TcpTransport transport =
            await TcpTransport.ListenAsync(new() { TimeProvider = clock, Timeout = TimeSpan.FromSeconds(7) });

        Task call = CallAsync(transport, size);
        using Socket socket = await AcceptAsync();
        using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(new byte[Requests.Bytes(Request(size)).Length + size - 1]);
        int last = stream.ReadByte();
        // The answer's time begins a moment after the last byte was taken.
        await Until.TrueAsync(() => clock.HasTimer(TimeSpan.FromSeconds(28)), "the answer is waited for");
        clock.Advance(TimeSpan.FromSeconds(27));
        Assert.That((last, call.IsCompleted), Is.EqualTo((0, false)));
        clock.Advance(TimeSpan.FromSeconds(1));

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.TimedOut));
    }

    [TestCase(0, 10)]
    [TestCase(262_144, 10)]
    [TestCase(524_287, 10)]
    [TestCase(524_288, 20)]
    [TestCase(26_214_400, 1000)]
    [TestCase(1L << 40, 3600)]
    [TestCase(long.MaxValue, 3600)]
    [Reference("d04")]
    public void The_time_for_an_answer_follows_Gos_rule_up_to_a_limit(long size, int seconds) =>
        Assert.That(SnapshotCall.AnswerTimeout(size, new()), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    private Server Target => new("receiver", _listener.LocalEndpoint.ToString());

    private static InstallSnapshotRequest Request(long size) => new(Requests.Header) { Term = 7, Size = size };

    private Task<InstallSnapshotResponse> CallAsync(TcpTransport transport, int size) =>
        transport.InstallSnapshotAsync(Target, Request(size), new MemoryBody(new byte[size]), default).AsTask();

    private Task<Socket> AcceptAsync() => _listener.AcceptSocketAsync().WaitAsync(Patience);

    /// <summary>Bytes whose reader can be seen to have stopped.</summary>
    private sealed class SlowCount(long size) : ISnapshotBody
    {
        private long _left = size;
        private int _reads;

        public ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, _left);
            _left -= count;
            Interlocked.Increment(ref _reads);
            return ValueTask.FromResult(count);
        }

        /// <summary>Waits until nothing was read for a while: the system takes no more.</summary>
        public async Task StopsAsync()
        {
            for (int seen = -1; seen != Volatile.Read(ref _reads);)
            {
                seen = Volatile.Read(ref _reads);
                await Task.Delay(300);
            }
        }
    }
}
