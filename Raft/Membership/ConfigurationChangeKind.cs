namespace Raft.Membership;

/// <summary>What a change of the members does to one server.</summary>
internal enum ConfigurationChangeKind
{
    /// <summary>It votes from now on, at the given address; a member that does not vote is promoted.</summary>
    AddVoter,

    /// <summary>It receives the log; a member only gets the given address.</summary>
    AddNonvoter,

    /// <summary>It stays a member and votes no more.</summary>
    Demote,

    /// <summary>It is no member any more.</summary>
    Remove,
}
