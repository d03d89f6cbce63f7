using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>One node's log as it holds it in memory, with the newest snapshot before it, held to the rules of logs.</summary>
internal sealed class WatchedLog
{
    private readonly ClusterLedger _ledger;
    private readonly Coverage _coverage;
    private readonly int _server;
    private ulong _durableIndex;
    private bool _mustGiveWay;

    public WatchedLog(SimKernel kernel, ClusterLedger ledger, Coverage coverage, int server)
    {
        _ledger = ledger;
        _coverage = coverage;
        _server = server;
        Configurations = new WatchedConfigurations(kernel, ledger, Name);
        SnapshotIndex = Store.Snapshots.Index;
        SnapshotTerm = Store.Snapshots.Newest?.Term ?? 0;
        Entries.CopyFrom(Store.Log);
        Entries.TermBefore = ledger.CommittedAt(Entries.FirstIndex - 1)?.Term ?? 0;
        if (Entries.IsEmpty)
        {
            Entries.Begin(SnapshotIndex + 1, SnapshotTerm);
        }

        Configurations.Load(Entries, Store.Snapshots.Newest);
        _durableIndex = Entries.LastIndex;
    }

    /// <summary>The entries.</summary>
    public EntryList Entries { get; } = new();

    /// <summary>The configurations in it.</summary>
    public WatchedConfigurations Configurations { get; }

    /// <summary>What the newest snapshot covers.</summary>
    public ulong SnapshotIndex { get; private set; }

    /// <summary>The term of the last entry that it covers.</summary>
    public ulong SnapshotTerm { get; private set; }

    private StoreModel Store => _ledger.Stores[_server];

    private string Name => ClusterLedger.NameOf(_server);

    // A recovered server's log gives way to its snapshot too, with which it goes well but for the members.
    private bool IsOverByRecovery =>
        SnapshotIndex != 0 && SnapshotIndex == _ledger.RecoveredIndex && !Entries.IsEmpty && Entries.FirstIndex <= SnapshotIndex
        && Store.Snapshots.Newest is { Point.ConfigurationIndex: Loop.ClusterRecovery.ConfigurationIndex } newest
        && newest.Point.Configuration.Equals(_ledger.Configurations.At(SnapshotIndex).Configuration);

    private bool GoesWithSnapshot => SnapshotIndex == 0 || Entries.FirstIndex == SnapshotIndex + 1
        || Entries[SnapshotIndex]?.Term == SnapshotTerm;

    /// <summary>An entry, held or covered by the snapshot; null where it is neither.</summary>
    public EntryMark? MarkAt(ulong index) =>
        Entries[index] ?? (index <= SnapshotIndex ? _ledger.CommittedAt(index) : null);

    /// <summary>The store drops the whole log before the node runs: only where the newest snapshot is beyond it, or contradicts it.</summary>
    public void DropAtStart()
    {
        if (GoesWithSnapshot && !IsOverByRecovery)
        {
            _ledger.Violated(
                Rule.LogGivesWay,
                $"{Name} drops its log from {Entries.FirstIndex} to {Entries.LastIndex} at its start; it goes with the snapshot of "
                + $"({SnapshotIndex}, {SnapshotTerm})");
        }

        _coverage.Hit(Happening.LogDroppedAtStart);
        Begin();
        Configurations.Load(Entries, Store.Snapshots.Newest);
    }

    /// <summary>The node runs.</summary>
    public void Begun()
    {
        if (!GoesWithSnapshot || IsOverByRecovery)
        {
            _ledger.Violated(
                Rule.LogGivesWay,
                $"{Name} starts with a log from {Entries.FirstIndex} to {Entries.LastIndex}, which its snapshot of "
                + $"({SnapshotIndex}, {SnapshotTerm}) contradicts");
        }
    }

    /// <summary>Entries were appended.</summary>
    public void Append(LogSlice slice, NodeWatch node)
    {
        for (int i = 0; i < slice.Count; i++)
        {
            LogEntry entry = slice[i];
            EntryMark mark = EntryMark.Of(entry);
            if (entry.Index != Entries.LastIndex + 1)
            {
                _ledger.Violated(Rule.LogMatching, $"{Name} appends entry {entry.Index} behind {Entries.LastIndex}");
            }

            if (mark.Term > node.Record.Term || (node.State == RaftState.Leader && mark.Term != node.Record.Term))
            {
                _ledger.Violated(
                    Rule.LogMatching, $"{Name}, {node.State} in term {node.Record.Term}, appends an entry of term {mark.Term}");
            }

            _ledger.Stands(_server, entry.Index, mark, Entries.LastTerm);
            Entries.Add(entry.Index, mark);
            if (entry.Type == LogType.Configuration)
            {
                Append(entry, ConfigurationEncoding.Decode(entry.Data.Span), node);
            }
        }
    }

    /// <summary>Entries were truncated.</summary>
    public void Truncate(ulong fromIndex)
    {
        _coverage.Hit(Happening.ConflictTruncated);
        Entries.DropFrom(fromIndex);
        _durableIndex = Math.Min(_durableIndex, fromIndex - 1);
        if (Configurations.Truncate(fromIndex))
        {
            _coverage.Hit(Happening.ConfigurationRollback);
        }
    }

    /// <summary>The node calls its log durable up to an index.</summary>
    public void Durable(ulong durableIndex)
    {
        while (_durableIndex < durableIndex)
        {
            _durableIndex++;
            EntryMark? mark = MarkAt(_durableIndex);
            if (mark is null || !_ledger.Holds(_server, _durableIndex, mark.Value))
            {
                _ledger.Violated(
                    Rule.DurableTruth,
                    $"{Name} calls entry {_durableIndex} ({mark?.ToString() ?? "which it does not hold"}) durable; on its disk is "
                    + $"({Store.Log[_durableIndex]?.ToString() ?? "nothing"})");
            }
        }
    }

    /// <summary>The node has a newer snapshot.</summary>
    public void Snapshot(SnapshotMeta snapshot, bool isInstalled, ulong appliedIndex)
    {
        _coverage.Hit(isInstalled ? Happening.SnapshotInstalled : Happening.SnapshotTaken);
        (ulong index, ClusterConfiguration configuration) = _ledger.Configurations.At(snapshot.Index);
        Require(snapshot, snapshot.Index > SnapshotIndex, $"is not newer than that of {SnapshotIndex}");
        Require(snapshot, isInstalled || snapshot.Index <= appliedIndex, $"is its own, and it applied only {appliedIndex}");
        Require(snapshot, _ledger.IsCommitted(snapshot.Index, snapshot.Term), "is of nothing committed");
        Require(snapshot, Store.Snapshots.Holds(snapshot.Index, snapshot.Term), "is not on its disk");
        Require(
            snapshot, snapshot.Point.ConfigurationIndex == index && snapshot.Point.Configuration.Equals(configuration),
            $"says that {snapshot.Point.Configuration} of {snapshot.Point.ConfigurationIndex} is in force, where {configuration} of {index} is");
        SnapshotIndex = snapshot.Index;
        SnapshotTerm = snapshot.Term;
        _mustGiveWay = Entries[snapshot.Index]?.Term != snapshot.Term;
        _durableIndex = Math.Max(_durableIndex, snapshot.Index);
        if (isInstalled)
        {
            Configurations.Install(snapshot.Point);
        }
    }

    /// <summary>The log gave way to the newest snapshot.</summary>
    public void Reset(ulong snapshotIndex, ulong snapshotTerm)
    {
        _coverage.Hit(Happening.LogReset);
        if (Entries[snapshotIndex] is { } mark && mark.Term != snapshotTerm)
        {
            _coverage.Hit(Happening.ConflictReset);
        }

        if (!_mustGiveWay || snapshotIndex != SnapshotIndex || snapshotTerm != SnapshotTerm)
        {
            _ledger.Violated(
                Rule.LogGivesWay,
                $"{Name} drops its log from {Entries.FirstIndex} to {Entries.LastIndex} for ({snapshotIndex}, {snapshotTerm}); its "
                + $"newest snapshot is of ({SnapshotIndex}, {SnapshotTerm})");
        }

        _mustGiveWay = false;
        Begin();
        if (Configurations.Truncate(snapshotIndex + 1))
        {
            _coverage.Hit(Happening.ConfigurationRollback);
        }
    }

    /// <summary>The log let go of its front.</summary>
    public void Compact(ulong firstIndex)
    {
        _coverage.Hit(Happening.LogCompacted);
        if (firstIndex > SnapshotIndex + 1 || firstIndex > Entries.LastIndex + 1)
        {
            _ledger.Violated(Rule.Gap, $"{Name} lets its log begin at {firstIndex}; its newest snapshot ends at {SnapshotIndex}");
        }

        Entries.DropBefore(firstIndex);
    }

    /// <summary>Before another event: what had to follow on the last has followed.</summary>
    /// <param name="isReset">Whether the event is that the log gives way.</param>
    /// <param name="isConfiguration">Whether the event is which configuration is in force.</param>
    public void Settle(bool isReset, bool isConfiguration)
    {
        if (_mustGiveWay && !isReset)
        {
            _ledger.Violated(
                Rule.LogGivesWay,
                $"{Name} keeps its log from {Entries.FirstIndex} to {Entries.LastIndex}; it does not hold "
                + $"({SnapshotIndex}, {SnapshotTerm}), with which its newest snapshot ends");
        }

        if (!isReset && !isConfiguration)
        {
            Configurations.Settle();
        }
    }

    // Bootstrapping is no change.
    private void Append(LogEntry entry, ClusterConfiguration configuration, NodeWatch node)
    {
        _ledger.Configurations.Note(entry.Index, entry.Term, configuration);
        if (node.State == RaftState.Leader)
        {
            if (Configurations.LatestIndex > node.CommitIndex || MarkAt(node.CommitIndex)?.Term != node.Record.Term)
            {
                _ledger.Violated(
                    Rule.Members,
                    $"{Name} appends a configuration at {entry.Index} in term {node.Record.Term}; the one before is at "
                    + $"{Configurations.LatestIndex}, and committed is ({node.CommitIndex}, {MarkAt(node.CommitIndex)?.Term})");
            }

            int changed = Voters(configuration).Except(Voters(Configurations.Latest)).Count()
                + Voters(Configurations.Latest).Except(Voters(configuration)).Count();
            if (changed > 1)
            {
                _ledger.Violated(
                    Rule.Members, $"{Name} goes from {Configurations.Latest} to {configuration}, more than one voter apart");
            }

            if (!configuration.IsVoter(Name))
            {
                _coverage.Hit(Happening.LeaderRemoval);
            }
        }

        Configurations.Append(entry.Index, configuration);
    }

    private void Begin()
    {
        Entries.Begin(SnapshotIndex + 1, SnapshotTerm);
        _durableIndex = SnapshotIndex;
    }

    private void Require(SnapshotMeta snapshot, bool isTrue, string wrong)
    {
        if (!isTrue)
        {
            _ledger.Violated(Rule.Snapshots, $"the snapshot of {Name} at ({snapshot.Index}, {snapshot.Term}) {wrong}");
        }
    }

    private static IEnumerable<ServerId> Voters(ClusterConfiguration configuration) =>
        configuration.Servers.Where(s => s.IsVoter).Select(s => s.Id);
}
