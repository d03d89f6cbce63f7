namespace Raft.Simulation.Kernel;

/// <summary>
/// Puts the tasks of one process into the kernel's ready list. It never runs one inline, so every continuation is a
/// scheduling point.
/// </summary>
internal sealed class SimScheduler(SimKernel kernel, SimProcess process) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    internal void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => kernel.Enqueue(process, task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task>? GetScheduledTasks() => null;
}
