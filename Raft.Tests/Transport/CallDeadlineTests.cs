using Raft.Rpc;

namespace Raft.Tests.Transport;

/// <summary>The time of calls that share one connection.</summary>
public sealed class CallDeadlineTests
{
    private readonly ManualClock _clock = new();

    [Test]
    public void A_call_whose_time_is_over_is_claimed_before_anyone_is_told()
    {
        bool? wasExpired = null;
        CallDeadline? deadline = null;
        deadline = new CallDeadline(
            _clock, TimeSpan.FromSeconds(5),
            () =>
            {
                // The answer arrives, the connection is given back and taken for another call.
                deadline!.End();
                wasExpired = deadline.IsExpired;
                deadline.Begin();
            });
        using (deadline)
        {
            deadline.Begin();
            _clock.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.That(wasExpired, Is.True, "so that nobody takes it for another call");
    }

    [Test]
    public void A_call_that_was_answered_in_time_leaves_the_deadline_to_the_next()
    {
        int expiredCount = 0;
        using var deadline = new CallDeadline(_clock, TimeSpan.FromSeconds(5), () => expiredCount++);

        deadline.Begin();
        _clock.Advance(TimeSpan.FromSeconds(4));
        deadline.End();
        deadline.Begin();
        _clock.Advance(TimeSpan.FromSeconds(4));
        bool isExpiredEarly = deadline.IsExpired;
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.That((isExpiredEarly, deadline.IsExpired, expiredCount), Is.EqualTo((false, true, 1)));
    }
}
