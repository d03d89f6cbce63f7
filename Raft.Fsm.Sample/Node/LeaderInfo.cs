namespace Raft.Fsm.Sample.Node;

/// <summary>The leader, as this node knows it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Raft">Its raft address.</param>
/// <param name="Http">Where it serves clients; null where that is not known.</param>
internal sealed record LeaderInfo(ServerId Id, ServerAddress Raft, string? Http)
{
    /// <summary>Whether it is a server of another library, which has no HTTP address to tell.</summary>
    public bool IsForeign { get; init; }
}
