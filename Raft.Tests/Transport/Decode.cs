using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>Runs the decoders over bytes that arrive in pieces.</summary>
internal static class Decode
{
    public const int EntryBytesMax = 8 * 1024 * 1024;

    /// <summary>All requests that the bytes hold, at last one whose snapshot they do not hold whole.</summary>
    /// <param name="bytes">What arrives.</param>
    /// <param name="pieceBytes">How much of it arrives at a time.</param>
    /// <param name="isEndClean">Whether the bytes end between two requests; null if that is not to be checked.</param>
    public static async Task<List<RpcRequest>> RequestsAsync(
        ReadOnlyMemory<byte> bytes, int pieceBytes = int.MaxValue, bool? isEndClean = true)
    {
        var decoder = new RequestDecoder(EntryBytesMax);
        var buffer = new ReceiveBuffer(16 * 1024);
        using var connection = new ScriptedConnection(bytes, pieceBytes);
        var requests = new List<RpcRequest>();
        while (await buffer.FillAsync(connection) > 0)
        {
            while (decoder.TryDecode(buffer) is { } request)
            {
                requests.Add(request);
            }
        }

        if (decoder.Announced is { } announced)
        {
            requests.Add(announced);
            return requests;
        }

        Assert.That(decoder.IsWithinRequest, Is.EqualTo(!isEndClean ?? decoder.IsWithinRequest), "whether the end lies within a request");
        decoder.Abandon();
        return requests;
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
