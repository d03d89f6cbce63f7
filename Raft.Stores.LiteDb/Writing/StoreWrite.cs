using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Writing;

/// <summary>A change. It is one transaction with whatever waits beside it, or several if it is a long one.</summary>
/// <param name="plan">
/// Says which documents change; returns whether that is all, otherwise it is called again once they are committed.
/// </param>
/// <param name="isTruncation">Whether it deletes: then what waits before it is committed first.</param>
internal sealed class StoreWrite(Func<StoreContent, DocumentChanges, bool> plan, bool isTruncation) : StoreWork
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the change would survive a power cut.</summary>
    public Task Done => _done.Task;

    /// <summary>Whether it deletes what others before it may have written.</summary>
    public bool IsTruncation => isTruncation;

    /// <summary>Adds its changes.</summary>
    /// <returns>Whether that is all.</returns>
    public bool Plan(StoreContent content, DocumentChanges changes) => plan(content, changes);

    /// <inheritdoc/>
    public override void Complete() => _done.TrySetResult();

    /// <inheritdoc/>
    public override void Fail(Exception failure) => _done.TrySetException(failure);
}
