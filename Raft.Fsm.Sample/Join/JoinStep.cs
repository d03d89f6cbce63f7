namespace Raft.Fsm.Sample.Join;

/// <summary>What a node that wants to join does next.</summary>
internal enum JoinStep
{
    /// <summary>Has its id removed, which an earlier life of it may have left behind.</summary>
    Remove,

    /// <summary>Has the leader bring it to its vote, or asks how far that is.</summary>
    Join,

    /// <summary>Nothing any more: it votes.</summary>
    Done,
}
