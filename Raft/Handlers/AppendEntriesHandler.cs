using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Membership;
using Raft.Mutations;
using Raft.Observability;
using Raft.Rpc;

namespace Raft.Handlers;

/// <summary>What a follower does with AppendEntries (§5.3, receiver implementation). Answers once its log is durable.</summary>
internal sealed class AppendEntriesHandler(
    NodeState state, AnswerQueue answers, LeaderClaims claims, HeartbeatGate gate, PeerCapabilities capabilities, RpcMeter meter,
    ILogger logger, Mutation mutation)
{
    private readonly Func<ulong, ulong?> _termAt = state.Log.TermAt;

    /// <summary>Handles a request.</summary>
    public HandlerOutcome Handle(IncomingRpc rpc, AppendEntriesRequest request)
    {
        if ((request.Term < state.Term && mutation != Mutation.StaleTermAccepted) || request.Term == 0)
        {
            answers.Add(rpc, Refusal(isMismatch: false));
            return HandlerOutcome.Done;
        }

        if (claims.Check(rpc, request.Term, request.Leader) is { } outcome)
        {
            return outcome;
        }

        state.AllowPromise(gate.PromiseFor(request.Lease));
        state.NoteLeaderCommit(request.LeaderCommitIndex);
        Take(rpc, request);
        return HandlerOutcome.Done;
    }

    private void Take(IncomingRpc rpc, AppendEntriesRequest request)
    {
        ulong covered = state.Log.FirstIndex - 1;
        if (AppendEntriesRules.Check(
            request.PreviousIndex, state.Log.TermAt(request.PreviousIndex), request.PreviousTerm, covered)
            == AppendVerdict.Mismatch)
        {
            answers.Add(rpc, Mismatch(request));
            return;
        }

        TimeSpan? storing = request.Entries is { Count: > 0 } ? meter.StoreLogs.Begin() : null;
        if (request.Entries is { Count: > 0 } entries && !TryAppend(entries, request))
        {
            answers.Add(rpc, Refusal(isMismatch: false));
            return;
        }

        // Not up to our own last entry: what lies behind the proven ones may be another leader's (W9).
        AdvanceCommit(AppendEntriesRules.CommitIndex(
            request.LeaderCommitIndex,
            mutation == Mutation.CommitBeyondProven ? state.Log.LastIndex : request.LastIndex));
        answers.Add(
            rpc,
            new AppendEntriesResponse(state.Header) { Term = state.Term, LastLog = state.Log.LastIndex, Success = true },
            durableIndex: request.LastIndex, storingSince: storing);
    }

    private void AdvanceCommit(ulong commitIndex)
    {
        TimeSpan? began = commitIndex > state.CommitIndex ? meter.ProcessLogs.Begin() : null;
        state.AdvanceCommit(commitIndex);
        meter.ProcessLogs.End(began);
    }

    private bool TryAppend(IReadOnlyList<LogSlice> entries, AppendEntriesRequest request)
    {
        if (AppendEntriesRules.FirstNew(entries, _termAt, state.Log.FirstIndex - 1, mutation) is not { } firstNew)
        {
            return true;
        }

        if (!IsSound(entries, request, firstNew))
        {
            return false;
        }

        if (firstNew <= state.Log.LastIndex)
        {
            logger.LogTruncated(state.LocalId, firstNew, state.Log.LastIndex, state.Leader.Id);
            state.TruncateSuffix(firstNew);
            answers.OnTruncated(firstNew);
        }

        foreach (LogSlice slice in entries)
        {
            if (slice.LastIndex >= firstNew)
            {
                state.Append(slice.FirstIndex >= firstNew ? slice : slice.From(firstNew));
            }
        }

        return true;
    }

    /// <summary>Whether the entries are what only a correct leader sends; checked before anything of ours is touched.</summary>
    private bool IsSound(IReadOnlyList<LogSlice> entries, AppendEntriesRequest request, ulong firstNew)
    {
        ulong index = request.PreviousIndex;
        ulong term = request.PreviousTerm;
        foreach (LogSlice slice in entries)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                LogEntry entry = slice[i];
                if (entry.Index != ++index || entry.Term == 0 || entry.Term < term || entry.Term > request.Term || !IsReadable(entry))
                {
                    logger.UnsoundEntries(state.LocalId, state.Leader.Id, entry.Index, entry.Term);
                    return false;
                }

                term = entry.Term;
            }
        }

        if (firstNew <= state.CommitIndex && mutation != Mutation.TruncateWithoutCheck)
        {
            // One of the two has lost data, or is no server of this cluster: this one keeps what it has.
            logger.CommittedContradicted(state.LocalId, state.Leader.Id, request.Term, firstNew, state.CommitIndex);
            return false;
        }

        return true;
    }

    private static bool IsReadable(LogEntry entry)
    {
        if (!ConfigurationEntry.Holds(entry.Type))
        {
            return true;
        }

        try
        {
            ConfigurationEntry.Decode(entry.Type, entry.Data.Span);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>
    /// Says where the logs may match, so that the leader does not go back entry by entry: to one of this library, as others do not
    /// know it.
    /// </summary>
    private AppendEntriesResponse Mismatch(AppendEntriesRequest request)
    {
        AppendEntriesResponse refusal = Refusal(isMismatch: true);
        if (!capabilities.IsKnown(request.Header.Id))
        {
            return refusal;
        }

        (ulong index, ulong term) = state.Log.LastUpTo(request.PreviousIndex, request.PreviousTerm);
        return refusal with { ConflictIndex = index, ConflictTerm = term };
    }

    private AppendEntriesResponse Refusal(bool isMismatch) => new(state.Header)
    {
        Term = state.Term,
        LastLog = state.Log.LastIndex,
        NoRetryBackoff = isMismatch,
    };
}
