using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>How much memory a connection's received bytes take.</summary>
public sealed class ReceiveBufferTests
{
    [Test]
    public async Task A_buffer_grows_with_bulk_and_shrinks_before_the_wait_that_follows()
    {
        byte[] bytes = new byte[1_000_000];
        new Random(3).NextBytes(bytes);
        using var connection = new ScriptedConnection(bytes);
        var buffer = new ReceiveBuffer(512);
        Assert.That(buffer.Capacity, Is.EqualTo(512));

        var received = new List<byte>();
        int capacityMax = 0;
        while (await buffer.FillAsync(connection) > 0)
        {
            capacityMax = Math.Max(capacityMax, buffer.Capacity);
            // A part stays, so that the rest of a request seems to be on its way, until the buffer is as large as can be.
            int count = buffer.IsFull || buffer.Capacity < ReceiveBuffer.CapacityMax ? buffer.UnreadBytes / 2 : buffer.UnreadBytes;
            received.AddRange(buffer.Unread[..count]);
            buffer.Use(count);
        }

        received.AddRange(buffer.Unread);
        Assert.That(received, Is.EqualTo(bytes));
        Assert.That(capacityMax, Is.EqualTo(ReceiveBuffer.CapacityMax));
        buffer.Use(buffer.UnreadBytes);
        await buffer.FillAsync(connection);
        Assert.That(buffer.Capacity, Is.EqualTo(ReceiveBuffer.KeptBytesMax));
    }
}
