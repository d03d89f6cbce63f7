namespace Raft.Roles;

/// <summary>
/// Asks one voter whether it would vote (thesis 9.6), also a voter of a version that does not know the question. Nothing that is
/// safe depends on the answer: a wrong yes costs an election, a wrong no, for ever given, costs the cluster its leaders.
/// </summary>
/// <remarks>
/// Go before 1.7 ends the connection on a type of request that it does not know. So does a server that is just stopping, and
/// a proxy before one that is down. So the question is asked again, and if that ends the same way, one that every version
/// answers: a request for a vote in term 0, which is older than any. Whoever answers that is there, and does not know
/// pre-votes; it counts as willing, as it would in a cluster of its own version. Nothing is remembered: the server may be of
/// another version at the next election, newer or older.
/// </remarks>
internal static class PreVoteCall
{
    /// <summary>Asks.</summary>
    /// <returns>The voter's term, 0 where it told none, and whether it counts as willing.</returns>
    /// <exception cref="TransportException">There was no answer.</exception>
    /// <exception cref="RemoteRpcException">It answered with an error.</exception>
    public static async Task<(ulong Term, bool IsWilling)> AskAsync(
        ITransport transport, Server voter, RequestPreVoteRequest request, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                return await AskOnceAsync(transport, voter, request, cancellationToken);
            }
            catch (TransportException ended) when (ended.Failure == TransportFailure.Closed)
            {
                return await AskOnceAsync(transport, voter, request, cancellationToken);
            }
        }
        catch (TransportException ended) when (ended.Failure == TransportFailure.Closed)
        {
            var outdated = new RequestVoteRequest(request.Header)
            {
                Term = 0,
                Candidate = request.Header.Address,
                LastLogIndex = request.LastLogIndex,
                LastLogTerm = request.LastLogTerm,
            };
            RequestVoteResponse answer = await transport.RequestVoteAsync(voter, outdated, cancellationToken);
            return (answer.Term, answer.IsFrom(voter.Id));
        }
        catch (RemoteRpcException refusal) when (refusal.Message.Contains("unexpected command", StringComparison.Ordinal))
        {
            // Go's own word for a question that it does not know.
            return (0, true);
        }
    }

    private static async Task<(ulong Term, bool IsWilling)> AskOnceAsync(
        ITransport transport, Server voter, RequestPreVoteRequest request, CancellationToken cancellationToken)
    {
        RequestPreVoteResponse answer = await transport.RequestPreVoteAsync(voter, request, cancellationToken);
        return (answer.Term, answer.Granted && answer.IsFrom(voter.Id));
    }
}
