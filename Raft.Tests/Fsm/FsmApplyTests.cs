using Raft.Fsm;
using Raft.Storage;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Fsm;

/// <summary>Entries on their way to the state machine, with those who wait for them.</summary>
public sealed class FsmApplyTests
{
    [Test]
    public void Where_nobody_waits_nobody_is_handed_over_whatever_part_of_the_entries_it_is()
    {
        LogBatch batch = LogBatchBuilder.Single(1, term: 1, LogType.Command, "x"u8, LogTimestamp.Zero);
        var completions = new CompletionRunner(TaskScheduler.Default, new NodeClock(new VirtualClock()));
        var apply = new FsmApply(new LogSlice(batch), futures: null, offset: 3);

        apply.Applied(0, response: null);

        Assert.That(() => apply.HandOver(completions), Throws.Nothing);
        Assert.That(() => apply.HandOverSome(completions), Throws.Nothing, "so that what the state machine threw is told, and not this");
    }
}
