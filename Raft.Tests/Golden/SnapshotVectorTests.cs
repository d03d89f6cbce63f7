using System.Net;
using System.Net.Sockets;
using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Tests.Transport;
using Raft.Transport.Tcp;

namespace Raft.Tests.Golden;

/// <summary>The snapshots that hashicorp/raft sent, head and state, over the sockets of a transport.</summary>
public sealed class SnapshotVectorTests
{
    private static IEnumerable<GoldenVector> Snapshots => GoldenVector.Requests.Where(
        v => v.RpcTypeByte == 2 && v.Decoded.GetProperty("Size").GetInt64() == v.Body.Length);

    private static IEnumerable<GoldenVector> Sent => Snapshots.Where(v => v is { IsGoEncoded: true, IsGo11: false });

    [TestCaseSource(nameof(Snapshots))]
    public async Task A_snapshot_that_Go_sent_is_delivered_with_its_state_and_answered(GoldenVector vector)
    {
        var receiver = new TestReceiver();
        await using TcpTransport transport = await TcpTransport.ListenAsync(new());
        transport.Start(receiver);
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        var installed = new InstallSnapshotResponse(default(RpcHeader)) { Term = 3, Success = true };

        await peer.SendAsync(vector.Bytes);
        IncomingRpc rpc = await receiver.NextAsync();
        byte[] state = await ReadAsync(rpc.Body!);
        rpc.Respond(installed);

        MessageAssert.AreEqual(rpc.Request, GoldenMessages.Request(vector, vector.Decoded));
        Assert.That(state, Is.EqualTo(vector.Body));
        byte[] expected = Requests.Bytes(installed);
        Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(Sent))]
    public async Task A_snapshot_is_sent_as_the_bytes_that_Go_sent(GoldenVector vector)
    {
        await using TcpTransport transport = await TcpTransport.ListenAsync(new());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var target = new Server("go", listener.LocalEndpoint.ToString());
        var request = (InstallSnapshotRequest)GoldenMessages.Request(vector, vector.Decoded);

        Task<InstallSnapshotResponse> call = transport
            .InstallSnapshotAsync(target, request, new MemoryBody(vector.Body), default).AsTask();
        using Socket socket = await listener.AcceptSocketAsync();
        byte[] received = new byte[vector.Bytes.Length];
        using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(received).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await stream.WriteAsync(Requests.Bytes(new InstallSnapshotResponse(default(RpcHeader)) { Success = true }));

        Assert.That(Convert.ToHexString(received), Is.EqualTo(Convert.ToHexString(vector.Bytes)));
        Assert.That((await call).Success, Is.True);
    }

    private static async Task<byte[]> ReadAsync(ISnapshotBody body)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[1000];
        for (int count = 1; count > 0; bytes.AddRange(buffer.AsSpan(0, count)))
        {
            count = await body.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        }

        return [.. bytes];
    }
}
