using Raft.Observability;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>Hears what one incarnation of a node publishes, and holds it to the rules at once.</summary>
internal sealed class NodeWatch : IRaftTrace
{
    private const int RoleTasksMax = 4;
    private const ulong ConfigurationKind = 12;
    private const ulong ResetKind = 14;

    private readonly SimKernel _kernel;
    private readonly ClusterLedger _ledger;
    private readonly Coverage _coverage;
    private readonly int _server;
    private readonly Func<ulong?> _stateOf;
    private readonly Queue<(ulong Sequence, TermAndVote Record)> _records = new();
    private readonly LeaderQuestions _questions;
    private bool _hasBegun;

    public NodeWatch(SimKernel kernel, ClusterLedger ledger, Coverage coverage, int server, Func<ulong?> stateOf)
    {
        _kernel = kernel;
        _ledger = ledger;
        _coverage = coverage;
        _server = server;
        _stateOf = stateOf;
        History = new WatchedLog(kernel, ledger, coverage, server);
        Record = Store.Record ?? new TermAndVote(0);
        _questions = new LeaderQuestions(kernel, ledger, this, server);
        CommitIndex = History.SnapshotIndex;
        AppliedIndex = History.SnapshotIndex;
    }

    /// <summary>The log as the node holds it in memory, with the snapshot before it.</summary>
    public WatchedLog History { get; }

    /// <summary>Its entries.</summary>
    public EntryList Log => History.Entries;

    /// <summary>The configuration in force, by its log.</summary>
    public ClusterConfiguration Configuration => History.Configurations.Latest;

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

    /// <summary>
    /// Whether it may campaign: it votes, or is losing its vote by an entry that it does not know to be committed, which may
    /// stand in its log alone (thesis 4.2.2).
    /// </summary>
    public bool MayCampaign => Configuration.IsVoter(Name)
        || (History.Configurations.LatestIndex > CommitIndex && History.Configurations.Previous.IsVoter(Name));

    /// <summary>Whom the node was last asked to hand over to; empty for anyone.</summary>
    public ServerId NamedTarget { get; set; }

    /// <summary>Within what true time a server must have answered to be the best to hand over to.</summary>
    public TimeSpan TargetPatience { get; init; } = TimeSpan.MaxValue;

    /// <summary>What its state machine had before the start.</summary>
    public ulong HeldIndex
    {
        init => AppliedIndex = Math.Max(AppliedIndex, value);
    }

    /// <summary>Whether the node is handing its leadership over.</summary>
    public bool IsHandingOver { get; private set; }

    /// <summary>The whole log is to go from disk.</summary>
    public void OnDrop()
    {
        if (!_hasBegun)
        {
            History.DropAtStart();
        }
    }

    /// <summary>The server lets a client read that asked in some step.</summary>
    public void Reads(long since) => _questions.Reads(since);

    void IRaftTrace.Role(RaftState state, ulong term)
    {
        Note(1, (ulong)state, term);
        if (state is RaftState.Candidate or RaftState.Leader && !MayCampaign)
        {
            _ledger.Violated(Rule.Voters, $"{Name} becomes {state} in term {term}; it has no vote in {Configuration}");
        }

        if (state == RaftState.Leader)
        {
            _coverage.Hit(Happening.Election);
            _questions.Begin();
            _ledger.Elected(_server, term, History);
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
        History.Append(slice, this);
    }

    void IRaftTrace.Truncate(ulong fromIndex, ulong sequence)
    {
        Note(5, fromIndex, sequence);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} truncates {fromIndex} to {Log.LastIndex}");
        if (State == RaftState.Leader)
        {
            _ledger.Violated(Rule.AppendOnly, $"{Name} leads term {Record.Term} and truncates its log from {fromIndex} on");
        }

        if (fromIndex <= CommitIndex)
        {
            _ledger.Violated(Rule.StateMachineSafety, $"{Name} truncates entry {fromIndex}, which it had called committed");
        }

        History.Truncate(fromIndex);
    }

    void IRaftTrace.Durable(ulong sequence, ulong durableIndex)
    {
        Note(6, sequence, durableIndex);
        History.Durable(durableIndex);
    }

    void IRaftTrace.Commit(ulong commitIndex, ulong term)
    {
        Note(7, commitIndex, term);
        if (commitIndex < CommitIndex)
        {
            _ledger.Violated(Rule.CommitMonotonic, $"{Name} goes from commit index {CommitIndex} to {commitIndex}");
        }

        if (State == RaftState.Leader && History.MarkAt(commitIndex)?.Term != term)
        {
            _ledger.Violated(Rule.OwnTerm, $"{Name} leads term {term} and commits entry {commitIndex} ({History.MarkAt(commitIndex)}) by counting");
        }

        while (CommitIndex < commitIndex)
        {
            CommitIndex++;
            if (History.MarkAt(CommitIndex) is { } mark)
            {
                _ledger.Commits(_server, CommitIndex, mark, term, Configuration);
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
        if (entry.Index > CommitIndex || !_ledger.Holds(_server, entry.Index, mark))
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
        _questions.Asked(round);
    }

    void IRaftTrace.Acknowledged(ServerId server, ulong matchIndex, ulong round)
    {
        Note(10, matchIndex, round);
        _questions.Acknowledged(server, matchIndex, round);
    }

    void IRaftTrace.Confirmed(ulong round)
    {
        Note(11, round, 0);
        _questions.Confirmed(round);
    }

    void IRaftTrace.Configuration(ulong index, ClusterConfiguration configuration)
    {
        Note(ConfigurationKind, index, 0);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} goes by {configuration} of entry {index}");
        History.Configurations.Announced(index, configuration);
    }

    void IRaftTrace.Snapshot(SnapshotMeta snapshot, bool isInstalled)
    {
        Note(13, snapshot.Index, snapshot.Term);
        _kernel.Log?.Invoke(
            _kernel.Now, $"{Name} {(isInstalled ? "was sent" : "took")} a snapshot of ({snapshot.Index}, {snapshot.Term})");
        History.Snapshot(snapshot, isInstalled, AppliedIndex);
    }

    void IRaftTrace.Reset(ulong snapshotIndex, ulong snapshotTerm, ulong sequence)
    {
        Note(ResetKind, snapshotIndex, sequence);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} drops its log from {Log.FirstIndex} to {Log.LastIndex}");
        History.Reset(snapshotIndex, snapshotTerm);
    }

    void IRaftTrace.Compact(ulong firstIndex, ulong sequence)
    {
        Note(15, firstIndex, sequence);
        History.Compact(firstIndex);
    }

    void IRaftTrace.Restore(ulong index, ulong term)
    {
        Note(16, index, term);
        _coverage.Hit(Happening.Restore);
        if (index <= AppliedIndex || index > CommitIndex || !Store.Snapshots.Holds(index, term))
        {
            _ledger.Violated(
                Rule.AppliedBounds, $"{Name} restores ({index}, {term}) after entry {AppliedIndex}, at commit index {CommitIndex}");
        }

        AppliedIndex = index;
        _ledger.Restored(_server, index, _stateOf());
    }

    void IRaftTrace.Transfer(ServerId target, bool isOver)
    {
        Note(17, Mix.Of(target.ToString()), isOver ? 1UL : 0);
        IsHandingOver = !isOver;
        _coverage.Hit(isOver ? Happening.TransferOver : Happening.Transfer);
        _kernel.Log?.Invoke(_kernel.Now, $"{Name} {(isOver ? "no longer hands" : "hands")} over to {target}");
        if (isOver)
        {
            return;
        }

        if (!Configuration.IsVoter(target))
        {
            _ledger.Violated(Rule.Voters, $"{Name} hands over to {target}, which has no vote in {Configuration}");
        }

        if (target != NamedTarget && !_questions.HasHeard(target, TargetPatience))
        {
            _ledger.Violated(Rule.Target, $"{Name} chose {target} to hand over to, which has not answered for {TargetPatience}");
        }
    }

    void IRaftTrace.LeaderGone(ServerId leader, ulong term) => _coverage.Hit(Happening.LeaderGivenUp);

    void IRaftTrace.LeaderKept(ServerId leader, ulong term, ConnectOutcome outcome) =>
        _coverage.Hit(outcome == ConnectOutcome.Connected ? Happening.LeaderKept : Happening.LeaderKeptUnanswered);

    void IRaftTrace.RoleTasks(int groups)
    {
        if (groups > RoleTasksMax)
        {
            _ledger.Violated(Rule.Resources, $"{Name} has {groups} groups of tasks of earlier roles that do not end");
        }
    }

    private void Note(ulong kind, ulong a, ulong b)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            History.Begun();
            _ledger.Restored(_server, AppliedIndex, _stateOf());
        }

        History.Settle(isReset: kind == ResetKind, isConfiguration: kind == ConfigurationKind);
        _kernel.Note(Mix.Add(Mix.Add(kind << 8 | (uint)_server, a), b));
    }
}
