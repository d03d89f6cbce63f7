using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Timing;

public sealed class DeadlineTimerTests
{
    [Test]
    public void A_timer_that_fires_before_its_time_can_be_armed_for_the_same_deadline_again()
    {
        var clock = new VirtualClock();
        var node = new NodeClock(clock);
        var wake = new WakeSignal();
        using var timer = new DeadlineTimer(node, wake);
        var random = new Random(5);

        for (int round = 0; round < 500; round++)
        {
            TimeSpan deadline = node.Now + TimeSpan.FromTicks(random.Next(50_000, 500_000));
            while (node.Now < deadline)
            {
                timer.Arm(deadline);
                Assert.That(clock.AdvanceToNextTimer(clock.Now + TimeSpan.FromSeconds(1)), Is.True, $"round {round}");
                Assert.That(wake.WaitAsync().IsCompleted, Is.True);
            }
        }
    }

    [Test]
    public void The_earlier_of_two_deadlines_counts()
    {
        var clock = new VirtualClock();
        var node = new NodeClock(clock);
        var wake = new WakeSignal();
        using var timer = new DeadlineTimer(node, wake);
        timer.Arm(TimeSpan.FromSeconds(10));
        timer.Arm(TimeSpan.FromSeconds(2));
        timer.Arm(TimeSpan.FromSeconds(5));

        clock.AdvanceToNextTimer(TimeSpan.FromMinutes(1));

        Assert.That(node.Now, Is.EqualTo(TimeSpan.FromSeconds(2)).Within(TimeSpan.FromMilliseconds(5)));
    }
}
