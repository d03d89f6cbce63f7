using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>What one node asks as a leader and whose answers it counts: held to who was asked, who is a member, who votes.</summary>
internal sealed class LeaderQuestions(SimKernel kernel, ClusterLedger ledger, NodeWatch node, int server)
{
    private readonly Dictionary<ulong, long> _askedAt = [];
    private readonly Dictionary<ServerId, TimeSpan> _heardAt = [];
    private ulong _lastRound;

    private string Name => ClusterLedger.NameOf(server);

    /// <summary>A leadership begins.</summary>
    public void Begin()
    {
        _askedAt.Clear();
        _heardAt.Clear();
        _lastRound = 0;
    }

    /// <summary>Whether a server has answered within some time.</summary>
    public bool HasHeard(ServerId other, TimeSpan within) =>
        _heardAt.TryGetValue(other, out TimeSpan at) && kernel.Now - at <= within;

    /// <summary>The node asks whether it still leads.</summary>
    public void Asked(ulong round)
    {
        _askedAt[round] = kernel.Steps;
        _lastRound = round;
    }

    /// <summary>The node counts an answer.</summary>
    public void Acknowledged(ServerId other, ulong matchIndex, ulong round)
    {
        int follower = ClusterLedger.NumberOf(other);
        ulong term = node.Record.Term;
        _heardAt[other] = kernel.Now;
        if (node.Configuration.Find(other) is null)
        {
            ledger.Violated(Rule.Voters, $"{Name} counts an answer of {other}, which is no member of {node.Configuration}");
        }

        if (round > _lastRound
            || (round > 0 && !ledger.Confirmations.HasConfirmed(follower, server, term, _askedAt[round])))
        {
            ledger.Violated(
                Rule.Questions, $"{Name} counts an answer of {other} for question {round} of term {term}, which {other} was not asked");
        }

        StoreModel store = ledger.Stores[follower];
        EntryMark? mark = node.History.MarkAt(matchIndex);
        if (matchIndex > 0 && store.Term == term && (mark is null || !ledger.Holds(follower, matchIndex, mark.Value)))
        {
            ledger.Violated(
                Rule.MatchTruth,
                $"{Name} counts entry {matchIndex} ({mark?.ToString() ?? "nothing"}) as matched on {other}; on its disk is "
                + $"({store.Log[matchIndex]?.ToString() ?? "nothing"})");
        }
    }

    /// <summary>The node takes a question as confirmed by a majority.</summary>
    public void Confirmed(ulong round)
    {
        ClusterConfiguration configuration = node.Configuration;
        int confirming = Confirming(configuration, _askedAt[round], node.Record.Term);
        if (confirming < configuration.QuorumSize)
        {
            ledger.Violated(
                Rule.Questions,
                $"{Name} takes question {round} of term {node.Record.Term} as confirmed by {confirming} of {configuration.VoterCount} voters");
        }
    }

    /// <summary>
    /// The node lets a client read that asked in some step: since then a majority must have confirmed it, of a configuration
    /// that was in force since.
    /// </summary>
    public void Reads(long since)
    {
        if (!node.History.Configurations.Since(since).Any(c => Confirming(c, since, term: null) >= c.QuorumSize))
        {
            ledger.Violated(
                Rule.Questions,
                $"{Name} lets a client read, which {Confirming(node.Configuration, since, term: null)} of "
                + $"{node.Configuration.VoterCount} voters have confirmed since it asked");
        }
    }

    private int Confirming(ClusterConfiguration configuration, long since, ulong? term) =>
        configuration.Servers.Count(s => s.IsVoter && (s.Id == Name
            || ledger.Confirmations.HasConfirmed(ClusterLedger.NumberOf(s.Id), server, term, since)));
}
