using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>Connections within this process: no port is taken, and nobody else can connect. Any thread.</summary>
internal sealed class MemoryStreams : IStreamLayer
{
    private readonly ConcurrentDictionary<string, Listener> _listeners = new(StringComparer.Ordinal);
    private int _port;

    /// <inheritdoc/>
    public IStreamListener Listen(IPEndPoint endPoint)
    {
        var listener = new Listener(this, new IPEndPoint(endPoint.Address, Interlocked.Increment(ref _port)));
        _listeners[listener.LocalEndPoint.ToString()] = listener;
        return listener;
    }

    /// <inheritdoc/>
    public ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken)
    {
        Channel<byte[]> there = Channel.CreateUnbounded<byte[]>(), back = Channel.CreateUnbounded<byte[]>();
        return _listeners.TryGetValue(server.Address.ToString(), out Listener? listener)
            && listener.Incoming.Writer.TryWrite(new Connection(there, back))
            ? ValueTask.FromResult<IStreamConnection>(new Connection(back, there))
            : throw new IOException("nobody listens there", new SocketException((int)SocketError.ConnectionRefused));
    }

    private sealed class Listener(MemoryStreams owner, IPEndPoint endPoint) : IStreamListener
    {
        public Channel<IStreamConnection> Incoming { get; } = Channel.CreateUnbounded<IStreamConnection>();

        public IPEndPoint LocalEndPoint => endPoint;

        public ValueTask<IStreamConnection> AcceptAsync() => Incoming.Reader.ReadAsync();

        public void Dispose()
        {
            owner._listeners.TryRemove(endPoint.ToString(), out _);
            Incoming.Writer.TryComplete(new ObjectDisposedException(nameof(Listener)));
        }
    }

    private sealed class Connection(Channel<byte[]> incoming, Channel<byte[]> outgoing) : IStreamConnection
    {
        private ReadOnlyMemory<byte> _left;

        public string RemoteName => "this process";

        public bool IsQuiet => _left.IsEmpty && !incoming.Reader.TryPeek(out _) && !incoming.Reader.Completion.IsCompleted;

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            while (_left.IsEmpty)
            {
                if (!await incoming.Reader.WaitToReadAsync().ConfigureAwait(false))
                {
                    return 0;
                }

                _left = incoming.Reader.TryRead(out byte[]? bytes) ? bytes : default;
            }

            int count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
        {
            foreach (ReadOnlyMemory<byte> segment in segments)
            {
                if (!outgoing.Writer.TryWrite(segment.ToArray()))
                {
                    throw new IOException("the other side has ended the connection");
                }
            }

            return ValueTask.CompletedTask;
        }

        public void Dispose()
        {
            outgoing.Writer.TryComplete();
            incoming.Writer.TryComplete(new ObjectDisposedException(nameof(Connection)));
        }
    }
}
