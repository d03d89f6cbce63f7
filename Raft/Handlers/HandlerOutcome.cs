namespace Raft.Handlers;

/// <summary>What a handler made of a request.</summary>
internal enum HandlerOutcome
{
    /// <summary>It is answered, or will be.</summary>
    Done,

    /// <summary>Its term is newer: the node must adopt it as a follower, and then handle the request again.</summary>
    AdoptTerm,

    /// <summary>It comes from the leader of the node's own term: a candidate must follow, and handle it again.</summary>
    Follow,

    /// <summary>The leader hands over: the node must campaign at once.</summary>
    Campaign,
}
