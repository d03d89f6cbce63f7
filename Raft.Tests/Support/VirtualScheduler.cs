namespace Raft.Tests.Support;

/// <summary>
/// Runs every task of every node on the test's own thread, in the order in which they became ready, so that a run is the
/// same each time. Work that arrives from another thread has escaped the injected scheduler and fails the test.
/// </summary>
internal sealed class VirtualScheduler : TaskScheduler
{
    private readonly Queue<Task> _ready = new();
    private readonly int _owner = Environment.CurrentManagedThreadId;
    private string? _escape;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs until nothing is ready.</summary>
    public void RunReady()
    {
        while (_ready.TryDequeue(out Task? task))
        {
            TryExecuteTask(task);
            ThrowIfEscaped();
        }

        ThrowIfEscaped();
    }

    protected override void QueueTask(Task task)
    {
        if (Environment.CurrentManagedThreadId != _owner)
        {
            _escape ??= Environment.StackTrace;
            return;
        }

        _ready.Enqueue(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _ready;

    private void ThrowIfEscaped()
    {
        if (_escape is not null)
        {
            throw new InvalidOperationException($"Work escaped the injected scheduler:\n{_escape}");
        }
    }
}
