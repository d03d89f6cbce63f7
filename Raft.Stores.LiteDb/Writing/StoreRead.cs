namespace Raft.Stores.LiteDb.Writing;

/// <summary>A read of entries.</summary>
/// <param name="fromIndex">The first.</param>
/// <param name="throughIndex">The last.</param>
/// <param name="bytesMax">The most bytes, but for the first entry.</param>
internal sealed class StoreRead(ulong fromIndex, ulong throughIndex, int bytesMax) : StoreWork
{
    private readonly TaskCompletionSource<LogBatch> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogBatch? _result;

    /// <summary>The entries.</summary>
    public Task<LogBatch> Done => _done.Task;

    /// <summary>Reads them.</summary>
    public void Perform(StoreContent content) => _result = content.Reader.Read(fromIndex, throughIndex, bytesMax);

    /// <inheritdoc/>
    public override void Complete() => _done.TrySetResult(_result!);

    /// <inheritdoc/>
    public override void Fail(Exception failure) => _done.TrySetException(failure);
}
