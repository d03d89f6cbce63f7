namespace Raft.Core;

/// <summary>How an election stands.</summary>
internal enum VoteOutcome
{
    /// <summary>Neither a majority for nor against.</summary>
    Pending,

    /// <summary>A majority of the voters granted.</summary>
    Won,

    /// <summary>So many refused that no majority is left.</summary>
    Lost,
}

/// <summary>Counts the votes of one election; each voter once, nonvoters never (§5.2). Pure.</summary>
internal sealed class VoteTally(ClusterConfiguration configuration)
{
    private readonly HashSet<ServerId> _granted = [];
    private readonly HashSet<ServerId> _refused = [];

    /// <summary>Notes a voter's answer; its first counts.</summary>
    public void Note(ServerId voter, bool granted)
    {
        if (configuration.IsVoter(voter) && !_granted.Contains(voter) && !_refused.Contains(voter))
        {
            (granted ? _granted : _refused).Add(voter);
        }
    }

    /// <summary>Forgets a voter's answer: it is asked again.</summary>
    /// <returns>Whether it had answered.</returns>
    public bool TakeBack(ServerId voter) => _refused.Remove(voter) || _granted.Remove(voter);

    /// <summary>How the election stands.</summary>
    public VoteOutcome Outcome
    {
        get
        {
            int quorum = configuration.QuorumSize;
            if (_granted.Count >= quorum)
            {
                return VoteOutcome.Won;
            }

            return configuration.VoterCount - _refused.Count < quorum ? VoteOutcome.Lost : VoteOutcome.Pending;
        }
    }
}
