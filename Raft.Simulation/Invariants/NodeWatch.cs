using Raft.Observability;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>Hears what one incarnation of a node publishes, and holds it to the rules at once.</summary>
internal sealed class NodeWatch : IRaftTrace
{
    private readonly SimKernel _kernel;
    private readonly ClusterLedger _ledger;
    private readonly Coverage _coverage;
    private readonly int _server;
    private readonly Func<ulong?> _stateOf;
    private readonly Queue<(ulong Sequence, TermAndVote Record)> _records = new();
    private readonly Dictionary<ulong, long> _askedAt = [];
    private ulong _lastRound;
    private ulong _durableIndex;

    public NodeWatch(SimKernel kernel, ClusterLedger ledger, Coverage coverage, int server, Func<ulong?> stateOf)
    {
        _kernel = kernel;
        _ledger = ledger;
        _coverage = coverage;
        _server = server;
        _stateOf = stateOf;
        Log.CopyFrom(Store.Log);
        Record = Store.Record ?? new TermAndVote(0);
        _durableIndex = Log.LastIndex;
    }

    /// <summary>The log as the node holds it in memory.</summary>
    public EntryList Log { get; } = new();

    /// <summary>Term and vote as the node holds them in memory.</summary>
    public TermAndVote Record { get; private set; }

    /// <summary>The role.</summary>
    public RaftState State { get; private set; } = RaftState.Follower;

    /// <summary>What the node calls committed.</summary>
    public ulong CommitIndex { get; private set; }

    /// <summary>What its state machine has taken.</summary>
    public ulong AppliedIndex { get; private set; }

    private StoreModel Store => _ledger.Stores[_server];

    private string Name => ClusterLedger.NameOf(_server);

    void IRaftTrace.Role(RaftState state, ulong term)
    {
        Note(1, (ulong)state, term);
        if (state == RaftState.Leader)
        {
            _coverage.Hit(Happening.Election);
            _askedAt.Clear();
            _lastRound = 0;
            _ledger.Elected(_server, term, Log);
        }
        else if (State == RaftState.Leader)
        {
            _coverage.Hit(Happening.LeaderDeposed);
        }

        State = state;
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} {state} in term {term}");
    }

    void IRaftTrace.TermAndVote(TermAndVote record, ulong sequence)
    {
        Note(2, record.Term, sequence);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} holds {record}");
        if (record.Term < Record.Term)
        {
            _ledger.Violated(Rule.TermMonotonic, $"{Name} goes from term {Record.Term} to {record.Term}");
        }

        if (record.Term == Record.Term && Record.HasVoted && record.VotedFor != Record.VotedFor)
        {
            _ledger.Violated(Rule.OneVote, $"{Name} voted for {Record.VotedFor} and then for {record.VotedFor} in term {record.Term}");
        }

        Record = record;
        _records.Enqueue((sequence, record));
        if (record.VotedFor == Name)
        {
            _ledger.Campaigned(record.VotedFor, record.Term, Log);
        }
        else if (record.HasVoted)
        {
            _ledger.VotedForOther(_server, record.VotedFor, record.Term, Log);
        }
    }

    void IRaftTrace.RecordDurable(ulong sequence)
    {
        Note(3, sequence, 0);
        TermAndVote? claimed = null;
        while (_records.TryPeek(out (ulong Sequence, TermAndVote Record) next) && next.Sequence <= sequence)
        {
            claimed = _records.Dequeue().Record;
            _ledger.Voted(_server, claimed);
        }

        if (claimed is not null && !claimed.Equals(Store.Record) && Store.Term <= claimed.Term)
        {
            _ledger.Violated(Rule.DurableTruth, $"{Name} calls {claimed} durable; on its disk is {Store.Record?.ToString() ?? "nothing"}");
        }
    }

    void IRaftTrace.Append(LogSlice slice, ulong sequence)
    {
        Note(4, slice.FirstIndex, slice.LastIndex);
        for (int i = 0; i < slice.Count; i++)
        {
            LogEntry entry = slice[i];
            EntryMark mark = EntryMark.Of(entry);
            if (entry.Index != Log.LastIndex + 1 && Log.LastIndex >= Log.FirstIndex)
            {
                _ledger.Violated(Rule.LogMatching, $"{Name} appends entry {entry.Index} behind {Log.LastIndex}");
            }

            if (mark.Term > Record.Term || (State == RaftState.Leader && mark.Term != Record.Term))
            {
                _ledger.Violated(Rule.LogMatching, $"{Name}, {State} in term {Record.Term}, appends an entry of term {mark.Term}");
            }

            _ledger.Stands(_server, entry.Index, mark, Log.LastTerm);
            Log.Add(entry.Index, mark);
        }
    }

    void IRaftTrace.Truncate(ulong fromIndex, ulong sequence)
    {
        Note(5, fromIndex, sequence);
        _coverage.Hit(Happening.ConflictTruncated);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} truncates {fromIndex} to {Log.LastIndex}");
        if (State == RaftState.Leader)
        {
            _ledger.Violated(Rule.AppendOnly, $"{Name} leads term {Record.Term} and truncates its log from {fromIndex} on");
        }

        if (fromIndex <= CommitIndex)
        {
            _ledger.Violated(Rule.StateMachineSafety, $"{Name} truncates entry {fromIndex}, which it had called committed");
        }

        Log.DropFrom(fromIndex);
        _durableIndex = Math.Min(_durableIndex, fromIndex - 1);
    }

    void IRaftTrace.Durable(ulong sequence, ulong durableIndex)
    {
        Note(6, sequence, durableIndex);
        while (_durableIndex < durableIndex)
        {
            _durableIndex++;
            EntryMark? mark = Log[_durableIndex];
            if (mark is null || Store.Log[_durableIndex] != mark)
            {
                _ledger.Violated(
                    Rule.DurableTruth,
                    $"{Name} calls entry {_durableIndex} ({mark?.ToString() ?? "which it does not hold"}) durable; on its disk is "
                    + $"({Store.Log[_durableIndex]?.ToString() ?? "nothing"})");
            }
        }
    }

    void IRaftTrace.Commit(ulong commitIndex, ulong term)
    {
        Note(7, commitIndex, term);
        if (commitIndex < CommitIndex)
        {
            _ledger.Violated(Rule.CommitMonotonic, $"{Name} goes from commit index {CommitIndex} to {commitIndex}");
        }

        if (State == RaftState.Leader && Log[commitIndex]?.Term != term)
        {
            _ledger.Violated(Rule.OwnTerm, $"{Name} leads term {term} and commits entry {commitIndex} ({Log[commitIndex]}) by counting");
        }

        while (CommitIndex < commitIndex)
        {
            CommitIndex++;
            if (Log[CommitIndex] is { } mark)
            {
                _ledger.Commits(_server, CommitIndex, mark, term);
            }
            else
            {
                _ledger.Violated(Rule.StateMachineSafety, $"{Name} calls entry {CommitIndex} committed, which its log does not hold");
            }
        }
    }

    void IRaftTrace.Apply(LogEntry entry)
    {
        Note(8, entry.Index, entry.Term);
        EntryMark mark = EntryMark.Of(entry);
        if (entry.Index != AppliedIndex + 1)
        {
            _ledger.Violated(Rule.StateMachineSafety, $"{Name} applies entry {entry.Index} after {AppliedIndex}");
        }

        AppliedIndex = entry.Index;
        if (entry.Index > CommitIndex || Store.Log[entry.Index] != mark)
        {
            _ledger.Violated(
                Rule.AppliedBounds,
                $"{Name} applies entry {entry.Index} ({mark}) at commit index {CommitIndex}; on its disk is "
                + $"({Store.Log[entry.Index]?.ToString() ?? "nothing"})");
        }

        _ledger.Applied(
            _server, entry.Index, mark, entry.Type == LogType.Command ? Mix.Of(entry.Data.Span) : 0, _stateOf());
    }

    void IRaftTrace.Asked(ulong round)
    {
        Note(9, round, 0);
        _askedAt[round] = _kernel.Steps;
        _lastRound = round;
    }

    void IRaftTrace.Acknowledged(ServerId server, ulong matchIndex, ulong round)
    {
        Note(10, matchIndex, round);
        int follower = ClusterLedger.NumberOf(server);
        if (round > _lastRound
            || (round > 0 && !_ledger.HasConfirmed(follower, _server, Record.Term, _askedAt[round])))
        {
            _ledger.Violated(
                Rule.Questions, $"{Name} counts an answer of {server} for question {round} of term {Record.Term}, which {server} was not asked");
        }

        StoreModel store = _ledger.Stores[follower];
        if (matchIndex > 0 && store.Term == Record.Term && store.Log[matchIndex] != Log[matchIndex])
        {
            _ledger.Violated(
                Rule.MatchTruth,
                $"{Name} counts entry {matchIndex} ({Log[matchIndex]?.ToString() ?? "nothing"}) as matched on {server}; on its disk is "
                + $"({store.Log[matchIndex]?.ToString() ?? "nothing"})");
        }
    }

    void IRaftTrace.Confirmed(ulong round)
    {
        Note(11, round, 0);
        int confirming = _ledger.Configuration.Servers.Count(s => s.IsVoter && (s.Id == Name
            || _ledger.HasConfirmed(ClusterLedger.NumberOf(s.Id), _server, Record.Term, _askedAt[round])));
        if (confirming < _ledger.Configuration.QuorumSize)
        {
            _ledger.Violated(
                Rule.Questions,
                $"{Name} takes question {round} of term {Record.Term} as confirmed by {confirming} of {_ledger.Configuration.VoterCount} voters");
        }
    }

    void IRaftTrace.Configuration(ulong index, ClusterConfiguration configuration)
    {
    }

    void IRaftTrace.Snapshot(SnapshotMeta snapshot, bool isInstalled)
    {
    }

    void IRaftTrace.Reset(ulong snapshotIndex, ulong snapshotTerm, ulong sequence)
    {
    }

    void IRaftTrace.Compact(ulong firstIndex, ulong sequence)
    {
    }

    void IRaftTrace.Restore(ulong index, ulong term)
    {
    }

    void IRaftTrace.Transfer(ServerId target, bool isOver)
    {
    }

    void IRaftTrace.RoleTasks(int groups)
    {
        if (groups > RoleTasksMax)
        {
            _ledger.Violated(Rule.Resources, $"{Name} has {groups} groups of tasks of earlier roles that do not end");
        }
    }

    private const int RoleTasksMax = 4;

    private void Note(ulong kind, ulong a, ulong b) =>
        _kernel.Note(Mix.Add(Mix.Add(kind << 8 | (uint)_server, a), b));
}
