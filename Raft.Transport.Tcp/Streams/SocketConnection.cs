using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Raft.Transport.Tcp;

/// <summary>A connected socket. Each wait for it is awaited once, by this library: what it takes is used again.</summary>
internal sealed class SocketConnection : IStreamConnection
{
    /// <summary>Systems take about a thousand segments at once (IOV_MAX); more go out in several calls.</summary>
    private const int SegmentsMax = 512;

    // A peer that vanished (a cable, a machine without power) says nothing, and a connection without a request under way
    // has no timeout of ours: it would hold its socket for ever. So the system asks after 10 seconds of silence, and gives
    // up after three questions.
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveIntervalSeconds = 2;
    private const int KeepAliveQuestions = 3;

    private readonly Socket _socket;
    private readonly List<ArraySegment<byte>> _segments = [];

    /// <summary>Takes a socket that is connected already: one with such options would try a host's first address only.</summary>
    public SocketConnection(Socket socket, string remoteName)
    {
        _socket = socket;
        RemoteName = remoteName;
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveQuestions);
    }

    public string RemoteName { get; }

    public bool IsQuiet
    {
        get
        {
            try
            {
                return !_socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw Failed(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        try
        {
            if (segments.Count == 1)
            {
                await SendOneAsync(segments[0]).ConfigureAwait(false);
                return;
            }

            for (int from = 0; from < segments.Count;)
            {
                from = Gather(segments, from);
                await SendGatheredAsync().ConfigureAwait(false);
            }
        }
        catch (SocketException exception)
        {
            throw Failed(exception);
        }
    }

    public void Dispose() => _socket.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendOneAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
        }
    }

    private int Gather(IReadOnlyList<ReadOnlyMemory<byte>> segments, int from)
    {
        _segments.Clear();
        for (; from < segments.Count && _segments.Count < SegmentsMax; from++)
        {
            // Bytes that no array holds (a mapped file) are copied: the system call needs arrays.
            ReadOnlyMemory<byte> bytes = segments[from];
            if (!MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment))
            {
                segment = bytes.ToArray();
            }

            if (segment.Count > 0)
            {
                _segments.Add(segment);
            }
        }

        return from;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendGatheredAsync()
    {
        while (_segments.Count > 0)
        {
            int sent = await _socket.SendAsync(_segments, SocketFlags.None).ConfigureAwait(false);
            int done = 0;
            while (done < _segments.Count && sent >= _segments[done].Count)
            {
                sent -= _segments[done++].Count;
            }

            _segments.RemoveRange(0, done);
            if (_segments.Count > 0)
            {
                _segments[0] = _segments[0][sent..];
            }
        }
    }

    // A disposed socket says so in several ways; its owner knows why it disposed it.
    private static Exception Failed(SocketException exception) =>
        exception.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket
            ? new ObjectDisposedException("The connection was closed.", exception)
            : new IOException(exception.Message, exception);
}
