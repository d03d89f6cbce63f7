using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Timing;

public sealed class TaskGroupTests
{
    [Test]
    public void It_is_empty_only_when_every_task_has_ended()
    {
        var scheduler = new VirtualScheduler();
        var group = new TaskGroup(scheduler, (_, fault) => throw fault);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        group.Start("one", () => held.Task);
        group.Start("two", () => Task.CompletedTask);
        scheduler.RunReady();

        group.Stop();
        Assert.That(group.Ended.IsCompleted, Is.False);
        held.SetResult();
        scheduler.RunReady();

        Assert.That(group.Ended.IsCompleted, Is.True);
        Assert.That(group.Running, Is.Zero);
    }

    [Test]
    public void A_task_that_fails_is_reported_by_its_name()
    {
        var scheduler = new VirtualScheduler();
        var faults = new List<string>();
        var group = new TaskGroup(scheduler, (name, fault) => faults.Add($"{name}: {fault.Message}"));

        group.Start("the one", () => throw new InvalidOperationException("broke"));
        scheduler.RunReady();

        Assert.That(faults, Is.EqualTo(new[] { "the one: broke" }));
    }

    [Test]
    public void Being_told_to_stop_is_no_failure()
    {
        var scheduler = new VirtualScheduler();
        var group = new TaskGroup(scheduler, (_, fault) => throw fault);
        group.Start("waits", async () => await Task.Delay(Timeout.InfiniteTimeSpan, new VirtualClock(), group.Stopping));
        scheduler.RunReady();

        group.Stop();
        scheduler.RunReady();

        Assert.That(group.Ended.IsCompletedSuccessfully, Is.True);
    }
}
