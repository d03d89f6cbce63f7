namespace Raft.Simulation;

/// <summary>What a client knows of an operation that it invoked.</summary>
public enum OperationOutcome
{
    /// <summary>
    /// No answer, or one that leaves it open, such as a timeout, a lost connection or <see cref="LeadershipLostException"/>:
    /// the operation may take effect at any time after its invoke, or never.
    /// </summary>
    Unknown = 0,

    /// <summary>It was answered with a result, so it took effect once, between invoke and return.</summary>
    Returned = 1,

    /// <summary>It certainly never takes effect, such as after <see cref="NotLeaderException"/>.</summary>
    DidNotHappen = 2,
}
