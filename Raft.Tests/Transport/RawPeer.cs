using System.Net;
using System.Net.Sockets;

namespace Raft.Tests.Transport;

/// <summary>The other end of a connection, byte by byte, for what no well-behaved server sends.</summary>
internal sealed class RawPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public static async Task<RawPeer> ConnectAsync(ServerAddress address)
    {
        var peer = new RawPeer();
        await peer._socket.ConnectAsync(IPEndPoint.Parse(address.ToString()));
        return peer;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().WaitAsync(Patience)..];
        }
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
