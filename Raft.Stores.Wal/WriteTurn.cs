namespace Raft.Stores.Wal;

/// <summary>One write at a time, and none once the fuse is blown. Owned by whoever writes.</summary>
/// <param name="fuse">The store's fuse.</param>
internal sealed class WriteTurn(WriteFuse fuse)
{
    // The store is disposed beside its writer, on another scheduler: either the write sees the blown fuse, or the
    // disposal sees the write. Nothing waits while this is held.
    private readonly Lock _lock = new();
    private bool _isWriting;
    private TaskCompletionSource? _over;

    /// <summary>Begins a write.</summary>
    /// <exception cref="StoreException">The fuse is blown; nothing was begun.</exception>
    public void Begin()
    {
        lock (_lock)
        {
            fuse.Check();
            Invariant.Require(!_isWriting, "a store has one writer, which writes one thing at a time");
            _isWriting = true;
        }
    }

    /// <summary>Ends a write, whatever became of it.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isWriting = false;
            _over?.TrySetResult();
        }
    }

    /// <summary>Waits for the write under way. The fuse is blown before, so that none follows.</summary>
    public Task WhenOverAsync()
    {
        lock (_lock)
        {
            _over ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _isWriting ? _over.Task : Task.CompletedTask;
        }
    }
}
