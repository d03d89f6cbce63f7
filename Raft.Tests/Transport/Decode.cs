using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>Runs the decoders over bytes that arrive in pieces.</summary>
internal static class Decode
{
    public const int EntryBytesMax = 8 * 1024 * 1024;

    /// <summary>All requests that the bytes hold.</summary>
    /// <param name="bytes">What arrives.</param>
    /// <param name="pieceBytes">How much of it arrives at a time.</param>
    /// <param name="isEndClean">Whether the bytes end between two requests; null if that is not to be checked.</param>
    /// <param name="bodies">Takes the snapshots' bytes, as far as they are there.</param>
    public static async Task<List<RpcRequest>> RequestsAsync(
        ReadOnlyMemory<byte> bytes, int pieceBytes = int.MaxValue, bool? isEndClean = true, List<byte>? bodies = null)
    {
        var decoder = new RequestDecoder(EntryBytesMax);
        var buffer = new ReceiveBuffer(512);
        using var connection = new ScriptedConnection(bytes, pieceBytes);
        var requests = new List<RpcRequest>();
        long bodyLeft = 0;
        while (await buffer.FillAsync(connection) > 0)
        {
            TakeBody();
            while (bodyLeft == 0 && decoder.TryDecode(buffer) is { } request)
            {
                requests.Add(request);
                bodyLeft = requests[^1] is InstallSnapshotRequest snapshot ? snapshot.Size : 0;
                TakeBody();
            }
        }

        bool isWithin = decoder.IsWithinRequest || bodyLeft > 0;
        Assert.That(isWithin, Is.EqualTo(!isEndClean ?? isWithin), "whether the end lies within a request");
        decoder.Abandon();
        return requests;

        void TakeBody()
        {
            int count = (int)Math.Min(bodyLeft, buffer.UnreadBytes);
            bodies?.AddRange(buffer.Unread[..count]);
            buffer.Use(count);
            bodyLeft -= count;
        }
    }

    /// <summary>All answers that the bytes hold.</summary>
    public static async Task<List<(RpcResponse? Response, string? Error)>> ResponsesAsync(
        ReadOnlyMemory<byte> bytes, RpcType type, int pieceBytes = int.MaxValue)
    {
        var decoder = new ResponseDecoder(EntryBytesMax);
        var buffer = new ReceiveBuffer(4 * 1024);
        using var connection = new ScriptedConnection(bytes, pieceBytes);
        var responses = new List<(RpcResponse?, string?)>();
        while (await buffer.FillAsync(connection) > 0)
        {
            while (decoder.TryDecode(buffer, type, out RpcResponse? response, out string? error))
            {
                responses.Add((response, error));
            }
        }

        Assert.That(decoder.IsWithinResponse, Is.False);
        return responses;
    }
}
