namespace Raft.Rpc;

/// <summary>
/// Asks a question that only servers of this library know, and learns from what happens which kind a server is.
/// </summary>
internal sealed class AskProtocol(RpcHeader header, ITransport transport, PeerCapabilities capabilities)
{
    /// <summary>Asks the application; an empty question only asks whether the server knows questions.</summary>
    /// <exception cref="RaftException">No answer, or an error as the answer.</exception>
    public Task<ReadOnlyMemory<byte>> AskAsync(Server server, ReadOnlyMemory<byte> question, CancellationToken cancellationToken) =>
        AskAsync(server, AskKind.Application, question, cancellationToken);

    /// <summary>Asks the application, or the library.</summary>
    /// <exception cref="RaftException">No answer, or an error as the answer.</exception>
    public async Task<ReadOnlyMemory<byte>> AskAsync(
        Server server, AskKind kind, ReadOnlyMemory<byte> question, CancellationToken cancellationToken)
    {
        if (capabilities.IsForeign(server.Id))
        {
            throw new TransportException(TransportFailure.Closed, $"{server} does not know questions.");
        }

        try
        {
            AskResponse answer = await transport.AskAsync(
                server, new AskRequest(header) { Data = question, Kind = (int)kind }, cancellationToken);
            if (!answer.IsFrom(server.Id))
            {
                throw new TransportException(
                    TransportFailure.Malformed, $"{answer.Header.Id} answers at {server.Address} in the place of {server.Id}");
            }

            capabilities.NoteKnown(server.Id);
            return answer.Data;
        }
        catch (RemoteRpcException)
        {
            capabilities.NoteKnown(server.Id);
            throw;
        }
        catch (TransportException failure) when (failure.Failure == TransportFailure.Closed)
        {
            await ProbeAsync(server, cancellationToken);
            throw;
        }
    }

    // A server that ends the connection on a question twice, so that it was not just stopping, and yet answers what every
    // server knows, is of another library. A request of term 0 moves nobody's term.
    private async Task ProbeAsync(Server server, CancellationToken cancellationToken)
    {
        try
        {
            if (await IsOursAsync(server, cancellationToken))
            {
                return;
            }

            await transport.RequestVoteAsync(
                server, new RequestVoteRequest(header) { Candidate = header.Address }, cancellationToken);
            capabilities.NoteForeign(server.Id);
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // It did not answer that either: nothing is learned of it.
        }
    }

    private async Task<bool> IsOursAsync(Server server, CancellationToken cancellationToken)
    {
        try
        {
            AskResponse answer = await transport.AskAsync(server, new AskRequest(header), cancellationToken);
            return answer.IsFrom(server.Id);
        }
        catch (RemoteRpcException)
        {
            return true;
        }
        catch (TransportException failure) when (failure.Failure == TransportFailure.Closed)
        {
            return false;
        }
    }
}
