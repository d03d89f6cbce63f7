namespace Raft.Tests.Support;

/// <summary>
/// Runs every task of every node on the test's own thread, in the order in which they became ready, so that a run is the
/// same each time. Work that arrives from another thread has escaped the injected scheduler and fails the test.
/// </summary>
internal sealed class VirtualScheduler : TaskScheduler
{
    /// <summary>More than any scenario needs without time passing: what runs on is spinning.</summary>
    private const int StepsMax = 1_000_000;

    private readonly Queue<Task> _ready = new();
    private readonly int _owner = Environment.CurrentManagedThreadId;
    private string? _escape;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs until nothing is ready.</summary>
    /// <returns>Whether anything was.</returns>
    public bool RunReady()
    {
        bool hasRun = _ready.Count > 0;
        int steps = 0;
        while (_ready.TryDequeue(out Task? task))
        {
            if (++steps > StepsMax)
            {
                throw new InvalidOperationException("The nodes go on working without time passing: something spins.");
            }

            TryExecuteTask(task);
            ThrowIfEscaped();
        }

        ThrowIfEscaped();
        return hasRun;
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
