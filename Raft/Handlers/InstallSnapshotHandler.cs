using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Membership;
using Raft.Observability;
using Raft.Snapshots;

namespace Raft.Handlers;

/// <summary>
/// What a follower does with InstallSnapshot (§7): first the snapshot is received to a sink of its own, beside all else;
/// once it is durable, and if it is still wanted, the loop swaps it in; once the log has given way, it is answered.
/// </summary>
internal sealed class InstallSnapshotHandler(
    NodeState state, AnswerQueue answers, LeaderClaims claims, SnapshotReceiver receiver, long bytesMax,
    ILogger logger)
{
    private const int VersionMax = 1;

    private (IncomingRpc Rpc, InstallSnapshotRequest Request)? _early;

    /// <summary>Handles a request: begins to receive.</summary>
    public HandlerOutcome Handle(IncomingRpc rpc, InstallSnapshotRequest request)
    {
        if (request.SnapshotVersion is < 0 or > VersionMax)
        {
            rpc.Respond(null, $"unsupported snapshot version {request.SnapshotVersion}");
            return HandlerOutcome.Done;
        }

        if (request.Term < state.Term || request.Term == 0)
        {
            answers.Add(rpc, Answer(isInstalled: false));
            return HandlerOutcome.Done;
        }

        if (claims.Check(rpc, request.Term, request.Leader) is { } outcome)
        {
            return outcome;
        }

        if (request.LastLogIndex <= state.CommitIndex)
        {
            // All that it covers is here already; the leader counts it as durable, so it must be.
            answers.Add(rpc, Answer(isInstalled: true), durableIndex: request.LastLogIndex);
        }
        else if (!state.IsRecordDurable)
        {
            // A snapshot must not be durable before the term that it came in: at a start it would be newer than the term.
            Drop("another snapshot came");
            _early = (rpc, request);
        }
        else if (TryReadPoint(request, out SnapshotPoint? point, out string? error))
        {
            logger.ReceivingSnapshot(
                state.LocalId, state.Leader.Id, point.Index, point.Term, request.Size, state.Log.LastIndex);
            receiver.Begin(rpc, request, point);
        }
        else
        {
            rpc.Respond(null, error);
        }

        return HandlerOutcome.Done;
    }

    /// <summary>Whether a request came too early, and waits until its term is durable.</summary>
    public bool IsHolding => _early is not null;

    /// <summary>The term is durable: begins to receive what came too early.</summary>
    public void OnRecordDurable()
    {
        if (_early is { } early && state.IsRecordDurable)
        {
            _early = null;

            // Another term may have come meanwhile: then it is refused.
            if (Handle(early.Rpc, early.Request) != HandlerOutcome.Done)
            {
                early.Rpc.Respond(null, "the node does not follow its leader now");
            }
        }
    }

    /// <summary>Gives up what came too early.</summary>
    public void Drop(string why)
    {
        _early?.Rpc.Respond(null, why);
        _early = null;
    }

    /// <summary>A snapshot was received and is durable, or could not be.</summary>
    /// <returns>The snapshot to restore the state machine from; null where it was not swapped in.</returns>
    public ISnapshotSource? Take(ReceivedSnapshot received)
    {
        IncomingRpc rpc = received.Rpc;
        if (received.Failure is { } failure)
        {
            logger.SnapshotNotReceived(state.LocalId, rpc.Request.Header.Id, received.Request.LastLogIndex, failure.Message);
            rpc.Respond(null, $"the snapshot was not received: {failure.Message}");
            return null;
        }

        // While it came in, an election may have been held, and entries may have come by another way.
        SnapshotMeta snapshot = received.Source!.Meta;
        bool isOfThisTerm = received.Request.Term == state.Term && state.Role == RaftState.Follower;
        bool isNews = snapshot.Index > state.CommitIndex;
        if (!isOfThisTerm || !isNews)
        {
            answers.Add(rpc, Answer(isInstalled: isOfThisTerm), durableIndex: isOfThisTerm ? snapshot.Index : 0);
            return null;
        }

        logger.InstallingSnapshot(state.LocalId, snapshot.Index, snapshot.Term, state.Log.FirstIndex, state.Log.LastIndex);
        if (state.InstallSnapshot(snapshot))
        {
            answers.OnTruncated(fromIndex: 1);
        }

        answers.Add(rpc, Answer(isInstalled: true), durableIndex: 0, logSequence: state.LogSequence);
        return received.Source;
    }

    // Go's answers name nobody, and Go does not look: ours do, so that a leader of ours knows whose it is.
    private InstallSnapshotResponse Answer(bool isInstalled) =>
        new(state.Header) { Term = state.Term, Success = isInstalled };

    private bool TryReadPoint(
        InstallSnapshotRequest request, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SnapshotPoint? point,
        out string? error)
    {
        point = null;
        error = null;
        try
        {
            (ClusterConfiguration configuration, ulong index) = request.SnapshotVersion == 0
                ? (LegacyPeers.Decode((request.Peers ?? default).Span), request.LastLogIndex)
                : (ConfigurationEncoding.Decode((request.Configuration ?? default).Span), request.ConfigurationIndex);
            if (request.LastLogTerm > request.Term || request.LastLogTerm == 0 || index > request.LastLogIndex
                || request.LastLogIndex > long.MaxValue || configuration.VoterCount == 0)
            {
                error = "the snapshot's index, term or configuration cannot be";
                return false;
            }

            if (request.Size < 0 || request.Size > bytesMax)
            {
                error = $"a snapshot of {request.Size} bytes is over the limit of {bytesMax} (RaftLimits.SnapshotBytesMax)";
                return false;
            }

            point = new SnapshotPoint(request.LastLogIndex, request.LastLogTerm, configuration, index);
            return true;
        }
        catch (FormatException malformed)
        {
            error = $"failed to decode peers: {malformed.Message}";
            return false;
        }
    }
}
