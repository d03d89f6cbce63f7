using System.Globalization;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>
/// Which of the servers that are left should lead, which can be recovered together, and what that costs. Decides only; docs/recovery.md
/// says why.
/// </summary>
/// <param name="Leader">Whose log is taken.</param>
/// <param name="Why">Why this one, as the rest of a sentence.</param>
/// <param name="Together">Those with the very same last entry, and so the same log: the leader and others.</param>
/// <param name="Others">The rest, whose directories are to be emptied.</param>
internal sealed record RecoveryPlan(Survivor Leader, string Why, IReadOnlyList<Survivor> Together, IReadOnlyList<Survivor> Others)
{
    /// <summary>Up to where anyone who is left knows the leader's entries to be committed.</summary>
    public ulong CommitIndex => Together.Concat(Others).Max(s => Math.Min(s.State.CommitIndex, Leader.State.LastIndex));

    /// <summary>The members of the cluster that was.</summary>
    public ClusterConfiguration Members => Leader.State.Configuration.Configuration;

    /// <summary>The voters of the cluster that was whose data are not among those that are left.</summary>
    public IReadOnlyList<Server> Lost => [.. Members.Servers.Where(s => s.IsVoter && !Together.Concat(Others).Any(left => left.Id == s.Id))];

    /// <summary>
    /// How many voters of the cluster that was are left, those counted whose id is not known. An interrupted recovery leaves servers of
    /// one log that go by different members; then no cluster of them runs yet, and this is 0.
    /// </summary>
    public int VotersLeft => Together.Any(s => !s.State.Configuration.Configuration.Equals(Members)) ? 0
        : Math.Min(Members.VoterCount, Together.Concat(Others).Count(s => s.Id.IsEmpty || Members.IsVoter(s.Id)));

    /// <summary>Whether a majority of the voters is left: they only need to be started.</summary>
    public bool HasMajority => Members.VoterCount > 0 && VotersLeft >= Members.QuorumSize;

    /// <summary>Whether a write may have been acknowledged by servers of which none is left.</summary>
    public bool MayLackWrites => Members.VoterCount - VotersLeft >= Members.QuorumSize;

    /// <summary>Decides.</summary>
    /// <param name="survivors">All that are left; at least one.</param>
    /// <returns>The plan; null where they contradict each other in what they know to be committed: they are of two clusters, or damaged.</returns>
    public static RecoveryPlan? Of(IReadOnlyList<Survivor> survivors)
    {
        if (survivors.Any(one => survivors.Any(other => Contradicts(one, other))))
        {
            return null;
        }

        // Raft's own order of logs is not enough: those that are left are no majority, so the furthest may lack what was committed.
        Survivor[] ordered = [.. survivors.OrderByDescending(s => s.Last)];
        Survivor? leader = ordered.FirstOrDefault(s => !survivors.Any(other => Lacks(s, other)));
        if (leader is null)
        {
            return null;
        }

        Survivor[] together = [.. survivors.Where(s => s.Last == leader.Last)];
        return new RecoveryPlan(leader, Reason(leader, ordered), [leader, .. together.Except([leader])], [.. survivors.Except(together)]);
    }

    /// <summary>Whether a log lacks an entry that another server knows to be committed.</summary>
    private static bool Lacks(Survivor one, Survivor knowing) =>
        knowing.State.CommitIndex > one.State.CommitIndex && one.TermAt(knowing.State.CommitIndex) != knowing.TermAt(knowing.State.CommitIndex);

    /// <summary>Whether both know an entry to be committed, and it is not the same.</summary>
    private static bool Contradicts(Survivor one, Survivor other) =>
        other.State.CommitIndex <= one.State.CommitIndex && one.TermAt(other.State.CommitIndex) is { } term
        && other.TermAt(other.State.CommitIndex) is { } there && term != there;

    private static string Reason(Survivor leader, Survivor[] ordered)
    {
        if (ordered[0].Last == leader.Last)
        {
            return "its last entry has the highest term, and of that term the highest index";
        }

        Survivor further = ordered[0];
        Survivor knowing = ordered.First(s => Lacks(further, s));
        ulong index = knowing.State.CommitIndex;
        string there = further.TermAt(index) is { } term
            ? string.Create(CultureInfo.InvariantCulture, $"has one of term {term} there") : "has none there";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{further.Name} ends with an entry of a higher term or index, but {knowing.Name} knows entry {index} of term {knowing.TermAt(index)} to be "
            + $"committed, and the former {there}");
    }
}
