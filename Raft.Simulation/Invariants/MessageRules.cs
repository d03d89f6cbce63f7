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
            case InstallSnapshotRequest install:
                HasTerm(from, install.Term, "an InstallSnapshot");
                ledger.Led(from, install.Term);
                HoldsSnapshot(from, install);
                break;
            case RequestVoteRequest { Term: > 0 } or RequestPreVoteRequest
                when watchOf(from) is { MayCampaign: false } watch:
                ledger.Violated(
                    Rule.Voters, $"{ClusterLedger.NameOf(from)} campaigns; it has no vote in {watch.Configuration}");
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
                    ledger.Confirmations.Add(from, leader: to, answer.Term, askedAt);
                    HoldsEntries(from, (AppendEntriesRequest)request, answer);
                }

                break;
            case InstallSnapshotResponse installed:
                HasTerm(from, installed.Term, "an answer");
                if (installed.Success)
                {
                    ledger.Confirmations.Add(from, leader: to, installed.Term, askedAt);
                    HasInstalled(from, (InstallSnapshotRequest)request);
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
        EntryMark? held = OnDisk(follower, last);
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

    private EntryMark? OnDisk(int server, ulong index)
    {
        StoreModel store = ledger.Stores[server];
        return store.Log[index] is { } mark && (index > store.Snapshots.Index || mark == ledger.CommittedAt(index)) ? mark
            : index <= store.Snapshots.Index ? ledger.CommittedAt(index) : null;
    }

    private void HoldsSnapshot(int leader, InstallSnapshotRequest request)
    {
        if (!ledger.Stores[leader].Snapshots.Holds(request.LastLogIndex, request.LastLogTerm)
            || !ledger.IsCommitted(request.LastLogIndex, request.LastLogTerm))
        {
            ledger.Violated(
                Rule.Snapshots,
                $"{ClusterLedger.NameOf(leader)} sends a snapshot of ({request.LastLogIndex}, {request.LastLogTerm}), which is not on "
                + "its disk, or of nothing committed");
        }
    }

    private void HasInstalled(int follower, InstallSnapshotRequest request)
    {
        if (OnDisk(follower, request.LastLogIndex)?.Term != request.LastLogTerm)
        {
            ledger.Violated(
                Rule.DurableFirst,
                $"{ClusterLedger.NameOf(follower)} says that it has ({request.LastLogIndex}, {request.LastLogTerm}) of a snapshot; on "
                + $"its disk is a snapshot of {ledger.Stores[follower].Snapshots.Index} and a log to {ledger.Stores[follower].Log.LastIndex}");
        }
    }

    private void MatchesLog(int leader, AppendEntriesRequest request)
    {
        if (request.IsHeartbeat || watchOf(leader) is not { } watch || watch.Record.Term != request.Term)
        {
            return;
        }

        if (request.LeaderCommitIndex > watch.CommitIndex
            || (request.PreviousIndex > 0 && watch.History.MarkAt(request.PreviousIndex)?.Term != request.PreviousTerm))
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
                if (watch.History.MarkAt(slice[i].Index)?.Term != slice[i].Term)
                {
                    ledger.Violated(
                        Rule.LogMatching,
                        $"{ClusterLedger.NameOf(leader)} sends ({slice[i].Index}, {slice[i].Term}), which its log does not hold");
                }
            }
        }
    }
}
