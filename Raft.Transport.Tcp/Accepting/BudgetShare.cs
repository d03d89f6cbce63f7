namespace Raft.Transport.Tcp.Accepting;

/// <summary>What one connection holds of the <see cref="DecodingBudget"/>. Changed under the budget's lock only.</summary>
internal sealed class BudgetShare
{
    /// <summary>When its present request began, in the order of all requests.</summary>
    public long Age;

    /// <summary>Bytes received that no delivered request accounts for yet.</summary>
    public long Receiving;

    /// <summary>Bytes of delivered requests that are not answered yet.</summary>
    public long Delivered;

    /// <summary>Bytes that it waits for; 0 while it does not wait.</summary>
    public long Wanted;

    /// <summary>Whether the connection has ended.</summary>
    public bool IsClosed;

    /// <summary>Completed when the wait ends.</summary>
    public TaskCompletionSource<BudgetOutcome>? Wait;
}
