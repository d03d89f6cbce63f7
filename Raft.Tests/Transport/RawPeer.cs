using System.Net;
using System.Net.Sockets;

namespace Raft.Tests.Transport;

/// <summary>The other end of a connection, byte by byte, for what no well-behaved server sends.</summary>
internal sealed class RawPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Connects without a task of its own, for tests that count memory.</summary>
    public void Connect(ServerAddress address) => _socket.Connect(IPEndPoint.Parse(address.ToString()));

    /// <summary>Sends a few bytes, which the system takes at once.</summary>
    public void Send(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    public static async Task<RawPeer> ConnectAsync(ServerAddress address)
    {
        var peer = new RawPeer();
        await peer._socket.ConnectAsync(IPEndPoint.Parse(address.ToString()));
        return peer;
    }

    /// <summary>How many bytes have come that were not received.</summary>
    public int Available => _socket.Available;

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().WaitAsync(Patience)..];
        }
    }

    /// <summary>Sends as much as the other side takes, and waits until it has closed the connection too.</summary>
    public async Task SendAndEndAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes);
            _socket.Shutdown(SocketShutdown.Send);
            while (await _socket.ReceiveAsync(new byte[256].AsMemory()).AsTask().WaitAsync(Patience) > 0)
            {
                // Answers.
            }
        }
        catch (SocketException)
        {
            // Closed with our bytes unread.
        }
    }

    /// <summary>Sends bytes, and receives what comes until it is whole or the other side has closed the connection.</summary>
    public async Task<byte[]> ExchangeAsync(ReadOnlyMemory<byte> bytes, Func<byte[], Task<bool>> isWhole)
    {
        var received = new MemoryStream();
        try
        {
            await SendAsync(bytes);
            byte[] buffer = new byte[4096];
            for (int count; !await isWhole(received.ToArray()) && (count = await _socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Patience)) > 0;)
            {
                received.Write(buffer, 0, count);
            }
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with our bytes unread.
        }

        return received.ToArray();
    }

    /// <summary>Receives as many bytes as are expected.</summary>
    public async Task<byte[]> ReceiveAsync(int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int received = await _socket.ReceiveAsync(bytes.AsMemory(at)).AsTask().WaitAsync(Patience);
            Assert.That(received, Is.Positive, $"the connection ended after {at} of {count} bytes");
            at += received;
        }

        return bytes;
    }

    /// <summary>Waits until the other side has closed the connection without sending anything.</summary>
    public async Task ExpectEndAsync()
    {
        try
        {
            int received = await _socket.ReceiveAsync(new byte[1].AsMemory()).AsTask().WaitAsync(Patience);
            Assert.That(received, Is.Zero, "the connection is closed without an answer");
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with our bytes unread.
        }
    }

    public void Dispose() => _socket.Dispose();
}
