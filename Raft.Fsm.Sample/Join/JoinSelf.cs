namespace Raft.Fsm.Sample.Join;

/// <summary>How the node that wants to join stands itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Address">The raft address that others are told.</param>
internal sealed record JoinSelf(ServerId Id, ServerAddress Address)
{
    /// <summary>
    /// Whether it came with an empty disk and its id was not removed yet: until then it takes no part, since an earlier
    /// life of it may have voted for what it forgot.
    /// </summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether it votes by its own log, which is not that of an earlier life.</summary>
    public bool IsVoter { get; init; }

    /// <summary>Whether it is as far as its leader was when they met, so that its configuration is no old one.</summary>
    public bool IsReady { get; init; }

    /// <summary>Whether its own log has come so far that it is a nonvoter.</summary>
    public bool KnowsItIsNonvoter { get; init; }

    /// <summary>The index of its last entry.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>Where the last change stands that it was granted; 0 before.</summary>
    public ulong LastChangeIndex { get; init; }
}
