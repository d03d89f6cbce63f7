namespace Raft.Fsm.Sample.Join;

/// <summary>How the node that wants to join stands itself.</summary>
internal sealed record JoinSelf
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
}
