namespace Raft;

/// <summary>What a server must never forget: the latest term it has seen, and whom it voted for in it (§5.2).</summary>
/// <param name="Term">The latest term.</param>
/// <param name="VotedFor">The candidate voted for in that term; empty for none, or for one that gave no id.</param>
/// <param name="VotedForAddress">That candidate's address; it alone tells candidates of older Go versions apart.</param>
public sealed record TermAndVote(ulong Term, ServerId VotedFor = default, ServerAddress VotedForAddress = default)
{
    /// <summary>Whether a vote was given in this term.</summary>
    public bool HasVoted => !VotedFor.IsEmpty || !VotedForAddress.IsEmpty;

    /// <inheritdoc/>
    public override string ToString() => HasVoted ? $"term {Term}, voted for {VotedFor}@{VotedForAddress}" : $"term {Term}";
}
