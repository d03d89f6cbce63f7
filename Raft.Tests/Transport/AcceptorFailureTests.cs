using System.Net;
using Microsoft.Extensions.Logging;
using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>What a user plugs in may fail; the transport goes on accepting, and closes what it opened.</summary>
public sealed class AcceptorFailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Test]
    public async Task A_logger_that_throws_ends_neither_accepting_nor_a_connection()
    {
        using var logger = new ThrowingLogger();
        await using TcpTransport transport = await TcpTransport.ListenAsync(new() { LoggerFactory = logger });
        var receiver = new TestReceiver();
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        transport.Start(receiver);
        byte[] expected = Requests.Bytes(new RequestVoteResponse(Requests.Header));

        for (int i = 0; i < 3; i++)
        {
            using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
            await peer.SendAsync(Requests.Bytes(Requests.Vote()));
            Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
            await peer.SendAsync("nonsense"u8.ToArray());
            await peer.ExpectEndAsync();
        }

        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "no connection stays for ever");
    }

    [Test]
    public async Task A_listener_that_throws_something_odd_is_asked_again()
    {
        using var stream = new StuckConnection();
        using var listener = new OddListener(
            [() => throw new InvalidOperationException("odd"), () => throw new NotSupportedException("odd"), () => stream]);

        await using Acceptor acceptor = new(listener, Context(new()));

        await Until.TrueAsync(() => acceptor.ConnectionCount == 1, "the third connection is accepted");
    }

    [Test]
    [Reference("I10", "d05")]
    public async Task Failures_to_accept_are_repeated_ever_more_slowly_with_a_line_each_until_the_end()
    {
        var clock = new ManualClock();
        using var log = new LogLines();
        int attempts = 0;
        using var listener = new OddListener(
            [.. Enumerable.Repeat<Func<IStreamConnection>>(() => throw new IOException($"attempt {++attempts}"), 50)]);
        Acceptor acceptor = new(listener, Context(new() { TimeProvider = clock, LoggerFactory = log }));

        int[] delays = [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000];
        for (int i = 0; i < delays.Length; i++)
        {
            await Until.TrueAsync(() => clock.HasTimer(TimeSpan.FromMilliseconds(delays[i])), $"it waits {delays[i]} ms");
            Assert.That((attempts, log.Count(2001)), Is.EqualTo((i + 1, i + 1)));
            clock.Advance(TimeSpan.FromMilliseconds(delays[i]));
        }

        await acceptor.DisposeAsync().AsTask().WaitAsync(Patience);
        int ended = attempts;
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That(attempts, Is.EqualTo(ended).And.LessThanOrEqualTo(delays.Length + 1));
    }

    [Test]
    public async Task A_stream_that_cannot_be_disposed_neither_stays_nor_keeps_disposal_from_ending()
    {
        var clock = new ManualClock();
        var receiver = new TestReceiver();
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        var context = Context(new() { TimeProvider = clock }, receiver);
        var error = new InvalidOperationException("the stream cannot be closed");
        using var first = new StuckConnection { DisposeError = error };
        using var second = new StuckConnection { DisposeError = error };
        using var listener = new OddListener([() => first, () => second]);
        Acceptor acceptor = new(listener, context);
        await Until.TrueAsync(() => acceptor.ConnectionCount == 2, "both are accepted");

        // One that was asked before may rest; the other stops in the middle of its first request.
        second.Deliver(Requests.Bytes(Requests.Vote()));

        // The sweep runs on a timer, where an exception ends the process; here it would come out of the clock.
        first.Deliver(Requests.Bytes(Requests.Vote()).AsMemory(0, 20));
        await Until.TrueAsync(() => context.Budget.UsedBytes == 20 && receiver.Received.Count == 1, "both are there");
        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(5));
                return acceptor.ConnectionCount == 1;
            },
            "the stalled one is closed");
        await acceptor.DisposeAsync().AsTask().WaitAsync(Patience);
        first.DisposeError = second.DisposeError = null;

        Assert.That(acceptor.ConnectionCount, Is.Zero);
        Assert.That(context.Budget.UsedBytes, Is.Zero);
    }

    [Test]
    public async Task Disposing_closes_the_connections_although_the_listener_cannot_be_disposed()
    {
        using var stream = new StuckConnection();
        using var listener = new OddListener([() => stream]) { DisposeError = new InvalidOperationException("stuck") };
        Acceptor acceptor = new(listener, Context(new()));
        await Until.TrueAsync(() => acceptor.ConnectionCount == 1, "it is accepted");

        Assert.ThrowsAsync<InvalidOperationException>(() => acceptor.DisposeAsync().AsTask().WaitAsync(Patience));

        listener.DisposeError = null;
        Assert.That(acceptor.ConnectionCount, Is.Zero);
    }

    private static AcceptorContext Context(TcpTransportOptions options, TestReceiver? receiver = null) =>
        new(receiver ?? new(), options, Requests.NoMeter, options.LoggerFactory.CreateLogger("test"));

    /// <summary>Gives what it is told to, one after the other, and then waits for its end.</summary>
    private sealed class OddListener(IEnumerable<Func<IStreamConnection>> accepts) : IStreamListener
    {
        private readonly Queue<Func<IStreamConnection>> _accepts = new(accepts);
        private readonly TaskCompletionSource<IStreamConnection> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? DisposeError { get; set; }

        public IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 1);

        public ValueTask<IStreamConnection> AcceptAsync() =>
            _accepts.TryDequeue(out Func<IStreamConnection>? accept) ? ValueTask.FromResult(accept()) : new(_end.Task);

        public void Dispose()
        {
            if (DisposeError is not null)
            {
                throw DisposeError;
            }

            _end.TrySetException(new ObjectDisposedException("the listener"));
        }
    }

    /// <summary>A connection that brings what it is told to and ends when it is disposed.</summary>
    private sealed class StuckConnection : IStreamConnection
    {
        private const TaskCreationOptions Continuations = TaskCreationOptions.RunContinuationsAsynchronously;
        private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _first = new(Continuations);
        private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _second = new(Continuations);
        private bool _isFirstTaken;

        public Exception? DisposeError { get; set; }

        public string RemoteName => "a stuck one";

        public bool IsQuiet => true;

        public void Deliver(ReadOnlyMemory<byte> bytes) => _first.TrySetResult(bytes);

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            Task<ReadOnlyMemory<byte>> next = _isFirstTaken ? _second.Task : _first.Task;
            ReadOnlyMemory<byte> bytes = await next;
            _isFirstTaken = true;
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments) => ValueTask.CompletedTask;

        public void Dispose()
        {
            var error = new ObjectDisposedException("the stream");
            _first.TrySetException(error);
            _second.TrySetException(error);

            // Nobody may have come to wait for them: that is no failure of the tests that look for such.
            _ = (_first.Task.Exception, _second.Task.Exception);
            if (DisposeError is not null)
            {
                throw DisposeError;
            }
        }
    }

    private sealed class ThrowingLogger : ILogger, ILoggerFactory
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => throw new InvalidOperationException("the disk is full");

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
