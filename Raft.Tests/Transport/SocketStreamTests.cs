using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>Sockets, and what becomes of their failures.</summary>
public sealed class SocketStreamTests
{
    private static IEnumerable<Exception> OddErrors =>
    [
        new SocketException((int)SocketError.TooManyOpenSockets),
        new InvalidOperationException("odd"),
        new OperationCanceledException("nobody asked for it"),
    ];

    [Test]
    public async Task Both_ends_of_a_connection_find_out_that_the_other_vanished()
    {
        using var ends = await Ends.ConnectAsync();

        foreach (Socket socket in new[] { ends.Dialled, ends.Accepted }.Select(SocketOf))
        {
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive), Is.Not.EqualTo(0));
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime), Is.EqualTo(10));
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval), Is.EqualTo(2));
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount), Is.EqualTo(3));
            Assert.That(socket.NoDelay, Is.True);
        }
    }

    [Test]
    public async Task A_host_name_is_dialled_at_all_its_addresses()
    {
        // "localhost" is mostly ::1 first, where nobody listens.
        var layer = new SocketStreamLayer();
        using IStreamListener listener = layer.Listen(new(IPAddress.Loopback, 0));

        using IStreamConnection connection = await layer.DialAsync(new Server("n1", $"localhost:{listener.LocalEndPoint.Port}"), default);

        Assert.That(connection.IsQuiet, Is.True);
    }

    [TestCaseSource(nameof(OddErrors))]
    public async Task Whatever_a_stream_layer_fails_with_the_server_is_not_reached(Exception error)
    {
        await using TcpTransport asker = await TcpTransport.ListenAsync(new() { StreamLayer = new FailingLayer(error) });

        var failed = Assert.ThrowsAsync<TransportException>(
            async () => await asker.RequestVoteAsync(new Server("n1", "127.0.0.1:9"), Requests.Vote(), default));

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(failed.InnerException, Is.SameAs(error));
    }

    [Test]
    public async Task A_call_on_a_scheduler_of_its_own_does_not_come_back_to_it_within_a_socket()
    {
        using var ends = await Ends.ConnectAsync();
        using var listener = new SocketStreamLayer().Listen(new(IPAddress.Loopback, 0));
        var scheduler = new CountingScheduler();

        Task<Task<int>> receiving = Task.Factory.StartNew(
            () => ends.Accepted.ReceiveAsync(new byte[10]).AsTask(), default, TaskCreationOptions.None, scheduler);
        Task<Task> sending = Task.Factory.StartNew(
            () => ends.Accepted.SendAsync([new byte[32 << 20], new byte[32 << 20]]).AsTask(),
            default, TaskCreationOptions.None, scheduler);
        Task<Task<IStreamConnection>> accepting = Task.Factory.StartNew(
            () => listener.AcceptAsync().AsTask(), default, TaskCreationOptions.None, scheduler);
        Task<int> received = await receiving;
        Task sent = await sending;
        Task<IStreamConnection> accepted = await accepting;
        Assert.That((received.IsCompleted, sent.IsCompleted, accepted.IsCompleted), Is.EqualTo((false, false, false)));

        await ends.Dialled.SendAsync([new byte[1]]);
        byte[] buffer = new byte[1 << 20];
        for (int at = 0; at < 64 << 20; at += await ends.Dialled.ReceiveAsync(buffer))
        {
        }

        using IStreamConnection other = await new SocketStreamLayer().DialAsync(new Server("n1", listener.LocalEndPoint.ToString()), default);
        await Task.WhenAll(received, sent, accepted);
        (await accepted).Dispose();
        Assert.That(scheduler.QueuedCount, Is.EqualTo(3), "only the three calls themselves");
    }

    private static Socket SocketOf(IStreamConnection connection) =>
        (Socket)connection.GetType().GetFields(BindingFlags.NonPublic | BindingFlags.Instance)
            .Single(static f => f.FieldType == typeof(Socket)).GetValue(connection)!;

    private sealed record Ends(IStreamConnection Dialled, IStreamConnection Accepted) : IDisposable
    {
        public static async Task<Ends> ConnectAsync()
        {
            var layer = new SocketStreamLayer();
            using IStreamListener listener = layer.Listen(new(IPAddress.Loopback, 0));
            ValueTask<IStreamConnection> accepting = listener.AcceptAsync();
            IStreamConnection dialled = await layer.DialAsync(new Server("n1", listener.LocalEndPoint.ToString()), default);
            return new Ends(dialled, await accepting);
        }

        public void Dispose()
        {
            Dialled.Dispose();
            Accepted.Dispose();
        }
    }

    private sealed class FailingLayer(Exception error) : IStreamLayer
    {
        public IStreamListener Listen(IPEndPoint endPoint) => new SocketStreamLayer().Listen(endPoint);

        public ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken) =>
            ValueTask.FromException<IStreamConnection>(error);
    }

    /// <summary>Runs tasks on the thread pool and counts them.</summary>
    private sealed class CountingScheduler : TaskScheduler
    {
        private int _queuedCount;

        public int QueuedCount => Volatile.Read(ref _queuedCount);

        protected override void QueueTask(Task task)
        {
            Interlocked.Increment(ref _queuedCount);
            ThreadPool.QueueUserWorkItem(_ => TryExecuteTask(task));
        }

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
