using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Raft.Transport.Tcp;

/// <summary>A connected socket.</summary>
internal sealed class SocketConnection(Socket socket, string remoteName) : IStreamConnection
{
    /// <summary>Systems take about a thousand segments at once (IOV_MAX); more go out in several calls.</summary>
    private const int SegmentsMax = 512;

    private readonly List<ArraySegment<byte>> _segments = [];

    public string RemoteName { get; } = remoteName;

    public bool IsQuiet
    {
        get
        {
            try
            {
                return !socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None);
        }
        catch (SocketException exception)
        {
            throw Failed(exception);
        }
    }

    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        try
        {
            if (segments.Count == 1)
            {
                await SendOneAsync(segments[0]);
                return;
            }

            for (int from = 0; from < segments.Count;)
            {
                from = Gather(segments, from);
                await SendGatheredAsync();
            }
        }
        catch (SocketException exception)
        {
            throw Failed(exception);
        }
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask SendOneAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
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

    private async ValueTask SendGatheredAsync()
    {
        while (_segments.Count > 0)
        {
            int sent = await socket.SendAsync(_segments, SocketFlags.None);
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
