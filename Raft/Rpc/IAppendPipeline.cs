using System.Threading.Channels;

namespace Raft;

/// <summary>
/// Appends to one follower over one connection: sent in order, answered in order. How many are in flight is bounded
/// by the sender. Used by one task at a time for sending and one for reading. Disposing, by either of them and any
/// number of times, ends the connection at once: a send that waits fails, and the answers complete.
/// </summary>
public interface IAppendPipeline : IAsyncDisposable
{
    /// <summary>
    /// The answers, in the order of the requests. Completes, with the <see cref="TransportException"/> or
    /// <see cref="RemoteRpcException"/> that ended it, when no further answer will come.
    /// </summary>
    ChannelReader<AppendEntriesResponse> Responses { get; }

    /// <summary>Sends a request. Its entries' bytes are read until completion only.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Completes when the request is on its way; waiting is the other side's back-pressure. Awaited once.</returns>
    /// <exception cref="TransportException">The connection has ended.</exception>
    ValueTask SendAsync(AppendEntriesRequest request);
}
