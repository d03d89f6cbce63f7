namespace Raft.Transport.Tcp.Accepting;

/// <summary>What became of a wait for memory.</summary>
internal enum BudgetOutcome
{
    /// <summary>The bytes may be decoded.</summary>
    Granted,

    /// <summary>Every connection waits and this one's request is the youngest: it has to go.</summary>
    Evicted,

    /// <summary>The request alone is over the budget.</summary>
    TooLarge,

    /// <summary>The connection was closed.</summary>
    Closed,
}
