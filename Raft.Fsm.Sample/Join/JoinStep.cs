namespace Raft.Fsm.Sample.Join;

/// <summary>What a node that wants to join does next.</summary>
internal enum JoinStep
{
    /// <summary>Nothing now; it looks again.</summary>
    Wait,

    /// <summary>Has its id removed, which an earlier life of it may have left behind.</summary>
    Remove,

    /// <summary>Has itself added, or its address set, as a nonvoter.</summary>
    Add,

    /// <summary>Has itself made a voter.</summary>
    Promote,

    /// <summary>Nothing any more: it votes.</summary>
    Done,
}
