using System.Globalization;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>
/// What is true of the cluster as a whole, gathered from what every node of every incarnation publishes. Each claim is
/// checked when it is made.
/// </summary>
internal sealed class ClusterLedger
{
    private readonly SimKernel _kernel;
    private readonly Dictionary<ulong, int> _leaders = [];
    private readonly Dictionary<(ulong Index, ulong Term), EntryFact> _entries = [];
    private readonly Dictionary<(int Server, int Life, ulong Term), ServerId> _votes = [];
    private readonly Dictionary<(ServerId Candidate, ulong Term), (ulong Index, ulong Term)> _campaigns = [];
    private readonly List<Committed> _committed = [];
    private readonly List<(ulong Term, ulong Index)> _committedThrough = [];
    private readonly List<ulong?> _states = [];
    private readonly HashSet<ulong> _appliedCommands = [];
    private readonly List<(int Server, EntryList Log, ulong SnapshotIndex)> _lost = [];
    private readonly int[] _lives;

    public ClusterLedger(SimKernel kernel, int servers, ClusterConfiguration founders)
    {
        _kernel = kernel;
        _lives = new int[servers];
        Configurations = new ConfigurationLedger(founders);
        Stores = [.. Enumerable.Range(0, servers).Select(_ => new StoreModel())];
    }

    /// <summary>The configurations that were ever appended, and which of them are committed.</summary>
    public ConfigurationLedger Configurations { get; }

    /// <summary>Who accepted whose requests.</summary>
    public Confirmations Confirmations { get; } = new();

    /// <summary>What must be on each server's disk.</summary>
    public IReadOnlyList<StoreModel> Stores { get; }

    /// <summary>The highest index that any node has called committed.</summary>
    public ulong CommitIndex => (ulong)_committed.Count;

    /// <summary>The highest index that any node has applied.</summary>
    public ulong AppliedIndex => (ulong)_states.Count;

    /// <summary>Elections won so far.</summary>
    public int Elections => _leaders.Count;

    /// <summary>Where the cluster was recovered; 0 where it never was.</summary>
    public ulong RecoveredIndex { get; private set; }

    /// <summary>A rule is broken.</summary>
    public void Violated(string rule, string how) => _kernel.Fail(new RunFailure(FailureKind.Violation, rule, how));

    /// <summary>The name of a server.</summary>
    public static string NameOf(int server) => $"n{server + 1}";

    /// <summary>The server of a name.</summary>
    public static int NumberOf(ServerId name) =>
        int.Parse(name.ToString().AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture) - 1;

    /// <summary>
    /// A server's term and vote are durable, or were found on its disk. Before, a crash may have made it forget them.
    /// </summary>
    public void Voted(int server, TermAndVote record)
    {
        if (!record.HasVoted)
        {
            return;
        }

        (int, int, ulong) key = (server, _lives[server], record.Term);
        if (!_votes.TryAdd(key, record.VotedFor) && _votes[key] != record.VotedFor)
        {
            Violated(Rule.OneVote, $"{NameOf(server)} voted for {_votes[key]} and then for {record.VotedFor} in term {record.Term}");
        }
    }

    /// <summary>A server lost its disk, and with it all that it promised. What it had said before was true then.</summary>
    public void Wiped(int server)
    {
        var log = new EntryList();
        log.CopyFrom(Stores[server].Log);
        _lost.Add((server, log, Stores[server].Snapshots.Index));
        Stores[server].Wipe();
        _lives[server]++;
    }

    /// <summary>
    /// One server is the beginning of the cluster again, with all that is on its disk; the others are blank. What was known of
    /// them, and of what never came to be, is no longer true of anything.
    /// </summary>
    public void Recovered(int server, ClusterConfiguration configuration)
    {
        StoreModel store = Stores[server];
        ulong snapshotIndex = store.Snapshots.Index;
        bool isLogOver = snapshotIndex > 0 && store.Log.FirstIndex != snapshotIndex + 1
            && store.Log[snapshotIndex]?.Term != store.Snapshots.Newest!.Term;
        RecoveredIndex = Math.Max(snapshotIndex, isLogOver ? 0 : store.Log.LastIndex);
        if (RecoveredIndex < CommitIndex)
        {
            Violated(Rule.SyncedData, $"{NameOf(server)} has all to {RecoveredIndex}, where it had {CommitIndex}, which is committed");
            return;
        }

        for (ulong index = CommitIndex + 1; index <= RecoveredIndex; index++)
        {
            _committed.Add(new Committed(store.Log[index]!.Value, _kernel.Now));
        }

        _states.AddRange(Enumerable.Repeat<ulong?>(null, (int)(RecoveredIndex - AppliedIndex)));
        _committedThrough.Clear();
        _committedThrough.Add((0, RecoveredIndex));
        _leaders.Clear();
        _entries.Clear();
        _campaigns.Clear();
        _lost.Clear();
        Configurations.Recovered(configuration);
    }

    /// <summary>Whether an entry would survive a power cut of a server: in its log, or covered by its snapshot.</summary>
    public bool Holds(int server, ulong index, EntryMark mark) =>
        Stores[server].Log[index] == mark || (index <= Stores[server].Snapshots.Index && CommittedAt(index) == mark);

    /// <summary>What is committed at an index; null where nothing is known to be.</summary>
    public EntryMark? CommittedAt(ulong index) => index >= 1 && index <= CommitIndex ? _committed[(int)index - 1].Mark : null;

    /// <summary>A server campaigns with a log that ends there.</summary>
    public void Campaigned(ServerId candidate, ulong term, EntryList log) =>
        _campaigns[(candidate, term)] = (log.LastIndex, log.LastTerm);

    /// <summary>A server whose log is given voted for another.</summary>
    public void VotedForOther(int voter, ServerId candidate, ulong term, EntryList log)
    {
        if (_campaigns.TryGetValue((candidate, term), out (ulong Index, ulong Term) last)
            && (last.Term < log.LastTerm || (last.Term == log.LastTerm && last.Index < log.LastIndex)))
        {
            Violated(
                Rule.UpToDateVote,
                $"{NameOf(voter)}, whose log ends at ({log.LastIndex}, {log.LastTerm}), voted in term {term} for {candidate}, "
                + $"whose log ends at ({last.Index}, {last.Term})");
        }
    }

    /// <summary>A server became leader, or spoke as one.</summary>
    public void Led(int server, ulong term)
    {
        if (!_leaders.TryAdd(term, server) && _leaders[term] != server)
        {
            Violated(Rule.ElectionSafety, $"{NameOf(_leaders[term])} and {NameOf(server)} both lead term {term}");
        }
    }

    /// <summary>Who leads or led a term; null where nobody is known to.</summary>
    public int? LeaderOf(ulong term) => _leaders.TryGetValue(term, out int leader) ? leader : null;

    /// <summary>A server won an election with the log it has now, which says who votes.</summary>
    public void Elected(int server, ulong term, WatchedLog log)
    {
        Led(server, term);
        ClusterConfiguration configuration = log.Configurations.Latest;
        int votes = configuration.Servers.Count(s => s.IsVoter && HasVotedFor(MachineOf(s), NameOf(server), term));
        if (votes < configuration.QuorumSize)
        {
            Violated(
                Rule.ElectionSafety,
                $"{NameOf(server)} leads term {term} with the durable votes of {votes} of {configuration.VoterCount} voters of {configuration}");
        }

        // Logs that match at one index match before it, so the last one tells of all (§5.3).
        ulong through = _committedThrough.Where(c => c.Term < term).Select(c => c.Index).DefaultIfEmpty(0UL).Max();
        if (through > 0 && log.MarkAt(through) != _committed[(int)through - 1].Mark)
        {
            Violated(
                Rule.LeaderCompleteness,
                $"{NameOf(server)} leads term {term} and has ({log.MarkAt(through)?.ToString() ?? "nothing"}) at {through}, where "
                + $"({_committed[(int)through - 1].Mark}) is committed");
        }
    }

    /// <summary>An entry stands in some log, behind an entry of some term.</summary>
    public void Stands(int server, ulong index, EntryMark mark, ulong termBefore)
    {
        var fact = new EntryFact(mark.Hash, termBefore);
        if (!_entries.TryAdd((index, mark.Term), fact) && _entries[(index, mark.Term)] != fact)
        {
            Violated(
                Rule.LogMatching,
                $"{NameOf(server)} holds another entry ({index}, {mark.Term}) than was seen before, or behind another");
        }
    }

    /// <summary>A node calls an entry committed, under the configuration in force there.</summary>
    public void Commits(int server, ulong index, EntryMark mark, ulong term, ClusterConfiguration configuration)
    {
        if (index <= CommitIndex)
        {
            if (_committed[(int)index - 1].Mark != mark)
            {
                Violated(
                    Rule.StateMachineSafety,
                    $"{NameOf(server)} calls ({mark}) committed at {index}, where ({_committed[(int)index - 1].Mark}) is");
            }

            return;
        }

        _committed.Add(new Committed(mark, _kernel.Now));
        if (_committedThrough.Count > 0 && _committedThrough[^1].Term == term)
        {
            _committedThrough[^1] = (term, index);
        }
        else
        {
            _committedThrough.Add((term, index));
        }

        Configurations.Committed(index, mark.Term);
        int holders = configuration.Servers.Count(s => s.IsVoter && HasHeld(MachineOf(s), index, mark));
        if (holders < configuration.QuorumSize)
        {
            Violated(
                Rule.DurableQuorum,
                $"{NameOf(server)} calls entry {index} ({mark}) committed in term {term}; it is durable on {holders} of "
                + $"{configuration.VoterCount} voters of {configuration}");
        }
    }

    /// <summary>How much was known to be committed, by whichever server, at a time of the run.</summary>
    public ulong CommitIndexAt(TimeSpan time)
    {
        int count = _committed.Count;
        while (count > 0 && _committed[count - 1].At > time)
        {
            count--;
        }

        return (ulong)count;
    }

    /// <summary>A state machine took an entry and is in some state now.</summary>
    public void Applied(int server, ulong index, EntryMark mark, ulong commandHash, ulong? state)
    {
        if (index > CommitIndex || _committed[(int)index - 1].Mark != mark)
        {
            Violated(Rule.StateMachineSafety, $"{NameOf(server)} applied ({mark}) at {index}, which is not what is committed there");
        }

        _appliedCommands.Add(commandHash);
        if (index > AppliedIndex)
        {
            _states.Add(state);
            return;
        }

        Compare(server, index, state);
    }

    /// <summary>A state machine was restored from a snapshot that covers everything up to an index.</summary>
    public void Restored(int server, ulong index, ulong? state)
    {
        if (index > AppliedIndex)
        {
            Violated(Rule.Snapshots, $"{NameOf(server)} restored a snapshot of entry {index}, which no server had applied");
            return;
        }

        if (index > 0)
        {
            Compare(server, index, state);
        }
    }

    private void Compare(int server, ulong index, ulong? state)
    {
        ulong? before = _states[(int)index - 1];
        _states[(int)index - 1] = before ?? state;
        if (before is not null && state is not null && before != state)
        {
            Violated(
                Rule.EqualStates,
                $"{NameOf(server)} has the state {state:x16} after entry {index}; another server had {before:x16}. The same "
                + "entries led to different states");
        }
    }

    /// <summary>Whether an entry is known to be committed.</summary>
    public bool IsCommitted(ulong index, ulong term) => index >= 1 && index <= CommitIndex && _committed[(int)index - 1].Mark.Term == term;

    /// <summary>Whether a command was ever applied.</summary>
    public bool WasApplied(ulong commandHash) => _appliedCommands.Contains(commandHash);

    private static int MachineOf(Server server) => Network.SimAddress.MachineOf(server.Address);

    // A vote that was given before its disk was lost is still counted by whoever got it.
    private bool HasVotedFor(int voter, ServerId candidate, ulong term) =>
        Enumerable.Range(0, _lives[voter] + 1).Any(life => _votes.GetValueOrDefault((voter, life, term)) == candidate
            && (life < _lives[voter] || Stores[voter].Term >= term));

    // Likewise what it acknowledged.
    private bool HasHeld(int server, ulong index, EntryMark mark) => Holds(server, index, mark)
        || _lost.Exists(l => l.Server == server && (l.Log[index] == mark || (index <= l.SnapshotIndex && CommittedAt(index) == mark)));

    private readonly record struct EntryFact(ulong Hash, ulong TermBefore);

    private readonly record struct Committed(EntryMark Mark, TimeSpan At);
}
