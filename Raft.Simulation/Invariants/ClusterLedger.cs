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
    private readonly Dictionary<(int Server, ulong Term), ServerId> _votes = [];
    private readonly Dictionary<(ServerId Candidate, ulong Term), (ulong Index, ulong Term)> _campaigns = [];
    private readonly List<Committed> _committed = [];
    private readonly List<(ulong Term, ulong Index)> _committedThrough = [];
    private readonly List<ulong?> _states = [];
    private readonly HashSet<ulong> _appliedCommands = [];
    private readonly Dictionary<(int Leader, int Server), (ulong Term, long AskedAt)> _confirmed = [];

    public ClusterLedger(SimKernel kernel, int servers, ClusterConfiguration configuration)
    {
        _kernel = kernel;
        Configuration = configuration;
        Stores = [.. Enumerable.Range(0, servers).Select(_ => new StoreModel())];
    }

    /// <summary>The configuration in force.</summary>
    public ClusterConfiguration Configuration { get; }

    /// <summary>What must be on each server's disk.</summary>
    public IReadOnlyList<StoreModel> Stores { get; }

    /// <summary>The highest index that any node has called committed.</summary>
    public ulong CommitIndex => (ulong)_committed.Count;

    /// <summary>The highest index that any node has applied.</summary>
    public ulong AppliedIndex => (ulong)_states.Count;

    /// <summary>Elections won so far.</summary>
    public int Elections => _leaders.Count;

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

        if (!_votes.TryAdd((server, record.Term), record.VotedFor) && _votes[(server, record.Term)] != record.VotedFor)
        {
            Violated(Rule.OneVote, $"{NameOf(server)} voted for {_votes[(server, record.Term)]} and then for {record.VotedFor} in term {record.Term}");
        }
    }

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

    /// <summary>A server won an election with the log it has now.</summary>
    public void Elected(int server, ulong term, EntryList log)
    {
        Led(server, term);
        int votes = 0;
        foreach (Server voter in Configuration.Servers)
        {
            StoreModel store = Stores[MachineOf(voter)];
            votes += voter.IsVoter && _votes.GetValueOrDefault((MachineOf(voter), term)) == IdOf(server) && store.Term >= term ? 1 : 0;
        }

        if (votes < Configuration.QuorumSize)
        {
            Violated(Rule.ElectionSafety, $"{NameOf(server)} leads term {term} with the durable votes of {votes} of {Configuration.VoterCount} voters");
        }

        // Logs that match at one index match before it, so the last one tells of all (§5.3).
        ulong through = _committedThrough.Where(c => c.Term < term).Select(c => c.Index).DefaultIfEmpty(0UL).Max();
        if (through > 0 && log[through] != _committed[(int)through - 1].Mark)
        {
            Violated(
                Rule.LeaderCompleteness,
                $"{NameOf(server)} leads term {term} and has ({log[through]?.ToString() ?? "nothing"}) at {through}, where "
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

    /// <summary>A node calls an entry committed.</summary>
    public void Commits(int server, ulong index, EntryMark mark, ulong term)
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

        _committed.Add(new Committed(mark));
        if (_committedThrough.Count > 0 && _committedThrough[^1].Term == term)
        {
            _committedThrough[^1] = (term, index);
        }
        else
        {
            _committedThrough.Add((term, index));
        }

        int holders = Configuration.Servers.Count(s => s.IsVoter && Stores[MachineOf(s)].Log[index] == mark);
        if (holders < Configuration.QuorumSize)
        {
            Violated(
                Rule.DurableQuorum,
                $"{NameOf(server)} calls entry {index} ({mark}) committed in term {term}; it is durable on {holders} of "
                + $"{Configuration.VoterCount} voters");
        }
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

    /// <summary>A server accepts a request of a leader, which left in some step.</summary>
    public void Confirms(int server, int leader, ulong term, long? askedAt)
    {
        if (askedAt is { } step && (!_confirmed.TryGetValue((leader, server), out (ulong Term, long AskedAt) last)
            || term > last.Term || (term == last.Term && step > last.AskedAt)))
        {
            _confirmed[(leader, server)] = (term, step);
        }
    }

    /// <summary>Whether a server has accepted a request of this leader that left in a step or later.</summary>
    public bool HasConfirmed(int server, int leader, ulong term, long since) =>
        _confirmed.TryGetValue((leader, server), out (ulong Term, long AskedAt) last) && last.Term == term && last.AskedAt >= since;

    /// <summary>A server lets a client read that asked in some step: since then a majority must have confirmed it.</summary>
    public void Reads(int leader, long since)
    {
        int confirming = Configuration.Servers.Count(s => s.IsVoter && (MachineOf(s) == leader
            || (_confirmed.TryGetValue((leader, MachineOf(s)), out (ulong Term, long AskedAt) last) && last.AskedAt >= since)));
        if (confirming < Configuration.QuorumSize)
        {
            Violated(
                Rule.Questions,
                $"{NameOf(leader)} lets a client read, which {confirming} of {Configuration.VoterCount} voters have confirmed since it asked");
        }
    }

    /// <summary>Whether an entry is known to be committed.</summary>
    public bool IsCommitted(ulong index, ulong term) => index >= 1 && index <= CommitIndex && _committed[(int)index - 1].Mark.Term == term;

    /// <summary>Whether a command was ever applied.</summary>
    public bool WasApplied(ulong commandHash) => _appliedCommands.Contains(commandHash);

    private static int MachineOf(Server server) => Network.SimAddress.MachineOf(server.Address);

    private static ServerId IdOf(int server) => NameOf(server);

    private readonly record struct EntryFact(ulong Hash, ulong TermBefore);

    private readonly record struct Committed(EntryMark Mark);
}
