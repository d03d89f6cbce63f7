using Raft.Core;

namespace Raft.Tests.Core;

/// <summary>When a leader takes its disk for stalled.</summary>
public sealed class DiskWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Since = TimeSpan.FromSeconds(100);

    [Test]
    public void A_write_that_takes_as_long_as_the_limit_is_a_stall_to_whoever_looks_in_time()
    {
        var watch = new DiskWatch();

        Assert.That(watch.LookAt(Since, Limit), Is.EqualTo(Since + Limit));
        Assert.That(watch.IsStalled(Since, Since + Limit - TimeSpan.FromTicks(1), Limit), Is.False);
        Assert.That(watch.IsStalled(Since, Since + Limit + TimeSpan.FromMilliseconds(29), Limit), Is.True);
        Assert.That(watch.IsStalled(busySince: null, Since + Limit, Limit), Is.False);
        Assert.That(watch.LookAt(busySince: null, Limit), Is.Null);
    }

    [Test]
    public void Whoever_looks_much_too_late_stood_still_itself_and_looks_once_more_a_little_later()
    {
        var watch = new DiskWatch();
        TimeSpan woke = Since + TimeSpan.FromSeconds(40);

        Assert.That(watch.IsStalled(Since, woke, Limit), Is.False);
        Assert.That(watch.LookAt(Since, Limit), Is.EqualTo(woke + TimeSpan.FromMilliseconds(100)));
        Assert.That(watch.IsStalled(Since, woke + TimeSpan.FromMilliseconds(99), Limit), Is.False);
        Assert.That(watch.IsStalled(Since, woke + TimeSpan.FromMilliseconds(100), Limit), Is.True, "and the disk has not answered");
        Assert.That(watch.IsStalled(Since, woke + TimeSpan.FromSeconds(40), Limit), Is.True, "once for one write");
    }

    [Test]
    public void The_next_write_is_looked_at_anew()
    {
        var watch = new DiskWatch();
        watch.IsStalled(Since, Since + TimeSpan.FromSeconds(40), Limit);
        TimeSpan next = Since + TimeSpan.FromSeconds(41);

        Assert.That(watch.LookAt(next, Limit), Is.EqualTo(next + Limit));
        Assert.That(watch.IsStalled(next, next + Limit, Limit), Is.True);
    }
}
