using Raft.Storage;
using Raft.Timing;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>Requests and answers for the tests of the transport.</summary>
internal static class Requests
{
    public static readonly RpcHeader Header = new(3, "n1", "127.0.0.1:9001");

    public static readonly AppendEntriesResponse Ok = new(Header) { Term = 7, Success = true };

    /// <summary>Measures nothing.</summary>
    public static readonly TransportMeter NoMeter = new(meter: null, new NodeClock(TimeProvider.System));

    public static RequestVoteRequest Vote(ulong term = 7) => new(Header) { Term = term, Candidate = Header.Address };

    /// <summary>An append of entries that each have so many bytes of data, each in a batch of its own.</summary>
    public static AppendEntriesRequest Append(int entryCount, int dataBytes, ulong previousIndex = 0) => new(Header)
    {
        Term = 7,
        Leader = Header.Address,
        PreviousIndex = previousIndex,
        PreviousTerm = previousIndex == 0 ? 0UL : 7,
        Entries =
        [
            .. Enumerable.Range(1, entryCount).Select(i => new LogSlice(LogBatchBuilder.Single(
                previousIndex + (ulong)i, 7, LogType.Command, new byte[dataBytes], LogTimestamp.Zero))),
        ],
    };

    /// <summary>A request's bytes on the wire.</summary>
    public static byte[] Bytes(RpcRequest request)
    {
        var frame = new RequestFrame();
        frame.Encode(request);
        return [.. frame.Segments.SelectMany(static s => s.ToArray())];
    }

    /// <summary>An answer's bytes on the wire.</summary>
    public static byte[] Bytes(RpcResponse? response, string? error = null)
    {
        byte[] buffer = new byte[ResponseEncoder.BytesMax(response, error)];
        return buffer[..ResponseEncoder.Write(buffer, response, error, WireDialect.Go17)];
    }
}
