using Raft.Fsm;
using Raft.Rpc;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>Asks other servers' applications, and finds out on the way which servers are of this library.</summary>
internal sealed class AskClient(
    RpcHeader header, ITransport transport, PeerCapabilities capabilities, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Asks a server.</summary>
    /// <returns>A future that is completed by the completion task.</returns>
    public RequestFuture<ReadOnlyMemory<byte>> Ask(Server server, ReadOnlyMemory<byte> question)
    {
        var future = new RequestFuture<ReadOnlyMemory<byte>>();
        tasks.Start($"question to {server.Id}", () => AskAsync(server, question, future));
        return future;
    }

    private async Task AskAsync(Server server, ReadOnlyMemory<byte> question, RequestFuture<ReadOnlyMemory<byte>> future)
    {
        try
        {
            if (capabilities.IsForeign(server.Id))
            {
                throw new TransportException(TransportFailure.Closed, $"{server} does not know this question.");
            }

            AskResponse answer = await transport.AskAsync(
                server, new AskRequest(header) { Data = question }, tasks.Stopping);
            capabilities.NoteKnown(server.Id);
            future.Succeed(answer.Data);
        }
        catch (TransportException failure) when (failure.Failure == TransportFailure.Closed)
        {
            await ProbeAsync(server);
            future.Fail(failure);
        }
        catch (Exception failure)
        {
            if (failure is RemoteRpcException)
            {
                capabilities.NoteKnown(server.Id);
            }

            future.Fail(failure);
        }

        completions.Add(future);
    }

    // A server that ends the connection on a question, and yet answers what every server knows, is of another library.
    private async Task ProbeAsync(Server server)
    {
        if (capabilities.IsKnown(server.Id) || capabilities.IsForeign(server.Id))
        {
            return;
        }

        try
        {
            await transport.RequestVoteAsync(server, new RequestVoteRequest(header), tasks.Stopping);
            capabilities.NoteForeign(server.Id);
        }
        catch (RaftException)
        {
            // It did not answer that either: nothing is learned of it.
        }
    }
}
