using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>Whether a request of the current or a newer term comes from its leader (§5.1, §5.2). Owned by the loop.</summary>
internal sealed class LeaderClaims(NodeState state, HeartbeatGate gate, ILogger logger)
{
    // Go before 1.3.7 names its servers nowhere but in the requests that have a field of their own for the leader's address.
    private bool _namesItself;

    /// <summary>Checks who sends a request that only a leader sends, of a term that is not over; notes it as the leader.</summary>
    /// <param name="rpc">The request. A second leader's is answered here.</param>
    /// <param name="term">Its term.</param>
    /// <param name="legacyAddress">The sender's address, for Go versions that do not fill the header.</param>
    /// <returns>What to do with the request; null where it is the leader's, and this node its follower.</returns>
    public HandlerOutcome? Check(IncomingRpc rpc, ulong term, ServerAddress legacyAddress)
    {
        if (term > state.Term)
        {
            return HandlerOutcome.AdoptTerm;
        }

        LeaderView leader = SenderOf(rpc.Request.Header, legacyAddress);
        if (state.Role == RaftState.Leader || (state.Leader.IsKnown && !IsLeader(leader)))
        {
            // Election safety is broken (§5.2), by a defect or by a stranger: nothing of it may reach our log.
            logger.SecondLeader(state.LocalId, term, leader.Id, state.Leader.Id);
            rpc.Respond(null, $"term {term} already has a leader, {state.Leader.Id}");
            return HandlerOutcome.Done;
        }

        if (state.Role != RaftState.Follower)
        {
            return HandlerOutcome.Follow;
        }

        if (!state.Leader.IsKnown)
        {
            logger.LeaderFound(state.LocalId, leader.Id, state.Term);
        }

        _namesItself = !rpc.Request.Header.Id.IsEmpty;
        state.SetLeader(leader);
        gate.Touch();
        return null;
    }

    /// <summary>
    /// Whether a request that has no field for the leader's address is the known leader's, as far as it tells: one of nobody can
    /// only be the leader's where the leader names itself nowhere.
    /// </summary>
    public bool IsLeaders(RpcHeader header) =>
        header.Id.IsEmpty && header.Address.IsEmpty ? !_namesItself : IsLeader(SenderOf(header, legacyAddress: default));

    /// <summary>Whether a sender is the known leader, as far as its request tells.</summary>
    // Go before 1.3.7 names no id; a server may also be reached under another address than we know.
    private bool IsLeader(LeaderView sender) => state.Leader.Id.IsEmpty || sender.Id.IsEmpty
        ? state.Leader.Address == sender.Address
        : state.Leader.Id == sender.Id;

    /// <summary>Who sends a request.</summary>
    private LeaderView SenderOf(RpcHeader header, ServerAddress legacyAddress)
    {
        ServerAddress address = header.Address.IsEmpty ? legacyAddress : header.Address;
        if (!header.Id.IsEmpty)
        {
            return new LeaderView(header.Id, address);
        }

        Server? member = state.Configuration.Servers.FirstOrDefault(s => s.Address == address);
        return new LeaderView(member?.Id ?? default, address);
    }
}
