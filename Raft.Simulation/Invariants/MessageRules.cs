using Raft.Simulation.Network;

namespace Raft.Simulation.Invariants;

/// <summary>Holds every message, as it leaves, to what its sender has on disk: nothing is said before it is durable.</summary>
internal sealed class MessageRules(ClusterLedger ledger, Func<int, NodeWatch?> watchOf) : INetworkWatch
{
    public void Requested(int from, int to, RpcRequest request)
    {
        switch (request)
        {
            case AppendEntriesRequest append:
                HasTerm(from, append.Term, "an AppendEntries");
                ledger.Led(from, append.Term);
                MatchesLog(from, append);
                break;
            case RequestVoteRequest { Term: > 0 } vote when ledger.Stores[from].Record is not { } record
                || record.Term != vote.Term || record.VotedFor != ClusterLedger.NameOf(from):
                ledger.Violated(
                    Rule.DurableFirst,
                    $"{ClusterLedger.NameOf(from)} asks for votes in term {vote.Term}; on its disk is {Disk(from)}");
                break;
            default:
                break;
        }
    }

    public void Answered(int from, int to, RpcRequest request, RpcResponse response, long? askedAt)
    {
        switch (response)
        {
            case AppendEntriesResponse answer:
                HasTerm(from, answer.Term, "an answer");
                if (answer.Success)
                {
                    ledger.Confirms(from, leader: to, answer.Term, askedAt);
                    HoldsEntries(from, (AppendEntriesRequest)request, answer);
                }

                break;
            case RequestVoteResponse vote:
                HasTerm(from, vote.Term, "a vote");
                if (vote.Granted)
                {
                    HasVoted(from, (RequestVoteRequest)request);
                }

                break;
            default:
                break;
        }
    }

    public void InFlight(int from, int to, int count, int countMax)
    {
        if (count > countMax)
        {
            ledger.Violated(
                Rule.Resources,
                $"{ClusterLedger.NameOf(from)} has {count} appends in flight to {ClusterLedger.NameOf(to)}; the limit is {countMax}");
        }
    }

    private string Disk(int server) => ledger.Stores[server].Record?.ToString() ?? "nothing";

    private void HasTerm(int server, ulong term, string what)
    {
        if (ledger.Stores[server].Term < term)
        {
            ledger.Violated(
                Rule.DurableFirst, $"{ClusterLedger.NameOf(server)} sends {what} of term {term}; on its disk is {Disk(server)}");
        }
    }

    private void HasVoted(int voter, RequestVoteRequest request)
    {
        TermAndVote? record = ledger.Stores[voter].Record;
        if (record is null || record.Term != request.Term || record.VotedFor != request.Header.Id)
        {
            ledger.Violated(
                Rule.DurableFirst,
                $"{ClusterLedger.NameOf(voter)} votes for {request.Header.Id} in term {request.Term}; on its disk is {Disk(voter)}");
        }
    }

    private void HoldsEntries(int follower, AppendEntriesRequest request, AppendEntriesResponse answer)
    {
        if (watchOf(follower) is { } watch && watch.Record.Term > answer.Term)
        {
            ledger.Violated(
                Rule.DurableFirst,
                $"{ClusterLedger.NameOf(follower)} answers success of term {answer.Term}; it is in term {watch.Record.Term}");
        }

        if (request.LastIndex == 0)
        {
            return;
        }

        ulong last = request.LastIndex;
        EntryMark? held = ledger.Stores[follower].Log[last];
        bool isHeld = request.Entries is { Count: > 0 } entries
            ? held == EntryMark.Of(entries[^1][entries[^1].Count - 1])
            : held?.Term == request.PreviousTerm;
        if (!isHeld)
        {
            ledger.Violated(
                Rule.DurableFirst,
                $"{ClusterLedger.NameOf(follower)} answers success up to entry {last}; on its disk is ({held?.ToString() ?? "nothing"})");
        }
    }

    private void MatchesLog(int leader, AppendEntriesRequest request)
    {
        if (request.IsHeartbeat || watchOf(leader) is not { } watch || watch.Record.Term != request.Term)
        {
            return;
        }

        if (request.LeaderCommitIndex > watch.CommitIndex
            || (request.PreviousIndex > 0 && watch.Log[request.PreviousIndex]?.Term != request.PreviousTerm))
        {
            ledger.Violated(
                Rule.LogMatching,
                $"{ClusterLedger.NameOf(leader)} sends ({request.PreviousIndex}, {request.PreviousTerm}) commit "
                + $"{request.LeaderCommitIndex}, which is not what its log holds");
        }

        foreach (LogSlice slice in request.Entries ?? [])
        {
            for (int i = 0; i < slice.Count; i++)
            {
                if (watch.Log[slice[i].Index]?.Term != slice[i].Term)
                {
                    ledger.Violated(
                        Rule.LogMatching,
                        $"{ClusterLedger.NameOf(leader)} sends ({slice[i].Index}, {slice[i].Term}), which its log does not hold");
                }
            }
        }
    }
}
