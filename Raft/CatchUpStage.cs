namespace Raft;

/// <summary>What is waited for while a server is added.</summary>
public enum CatchUpStage
{
    /// <summary>That it is a member without a vote, by a committed entry.</summary>
    Joining,

    /// <summary>That a round of catching up takes no longer than an election timeout.</summary>
    CatchingUp,

    /// <summary>That this stays so for the time that was asked for.</summary>
    Steadying,

    /// <summary>That it has its vote, by a committed entry.</summary>
    Promoting,

    /// <summary>Nothing: it votes.</summary>
    Voting,
}
