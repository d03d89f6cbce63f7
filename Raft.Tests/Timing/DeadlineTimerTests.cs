using Raft.Timing;

namespace Raft.Tests.Timing;

public sealed class DeadlineTimerTests
{
    [Test]
    public void A_timer_that_fired_too_early_is_armed_again_for_the_same_deadline()
    {
        var provider = new ManualProvider();
        var clock = new NodeClock(provider);
        var wake = new WakeSignal();
        using var timer = new DeadlineTimer(clock, wake);
        TimeSpan deadline = TimeSpan.FromMilliseconds(100);
        timer.Arm(deadline);

        // The system's timers count a coarser clock: this one comes while the node's clock says 97 ms.
        provider.Now = 97;
        provider.Timer!.Fire();
        Assert.That(wake.WaitAsync().IsCompleted, Is.True, "the early shot woke the loop");
        timer.Arm(deadline);

        Assert.That(provider.Timer.ArmedCount, Is.EqualTo(2), "without a second shot the loop would sleep for ever");
    }

    [Test]
    public void A_timer_that_is_still_to_fire_soon_enough_is_left_alone()
    {
        var provider = new ManualProvider();
        using var timer = new DeadlineTimer(new NodeClock(provider), new WakeSignal());

        timer.Arm(TimeSpan.FromMilliseconds(100));
        timer.Arm(TimeSpan.FromMilliseconds(200));

        Assert.That(provider.Timer!.ArmedCount, Is.EqualTo(1));
    }

    private sealed class ManualProvider : TimeProvider
    {
        public long Now { get; set; }

        public ManualTimer? Timer { get; private set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Timer = new ManualTimer(callback, state);
    }

    private sealed class ManualTimer(TimerCallback callback, object? state) : ITimer
    {
        public int ArmedCount { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArmedCount++;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
