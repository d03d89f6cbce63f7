using Raft.Observability;
using Raft.Tests.Support;

namespace Raft.Tests.Observability;

/// <summary>J6: how busy a task is.</summary>
public sealed class BusyShareTests
{
    private readonly BusyShare _share = new();
    private TimeSpan _now = TimeSpan.FromSeconds(5);

    [SetUp]
    public void Begin() => Assert.That(_share.Waits(_now), Is.Null);

    [TestCase(600, 0.6)]
    [TestCase(100, 0.1)]
    [TestCase(0, 0)]
    [TestCase(1000, 1)]
    [Reference("J6")]
    public void The_share_of_a_window_is_what_was_worked_in_it(int workedMs, double expected)
    {
        Pass(1000 - workedMs);
        double? atWork = _share.Works(_now);
        Pass(workedMs);
        double? atRest = _share.Waits(_now);

        Assert.That(atWork ?? atRest, Is.EqualTo(expected));
    }

    [Test]
    public void A_window_lasts_a_second_at_least_and_the_next_begins_anew()
    {
        double?[] first = [Rest(300), Work(300), Rest(399)];
        double? ended = Work(1);
        double?[] second = [Rest(900), Work(99), Rest(1)];

        Assert.That(first, Is.All.Null);
        Assert.That(ended, Is.EqualTo(0.3), "301 of 1000 ms, to two decimals");
        Assert.That(second, Is.EqualTo(new double?[] { null, null, 0.1 }));
    }

    [Test]
    [Reference("J6")]
    public void Time_between_two_waits_in_a_row_counts_for_nothing()
    {
        Pass(500);
        Assert.That(_share.Waits(_now), Is.Null);
        Rest(250);

        Assert.That(Work(250), Is.EqualTo(0.5), "the first 500 ms are not known");
    }

    [Test]
    [Reference("J6")]
    public void Time_between_two_works_in_a_row_counts_for_nothing()
    {
        Rest(250);
        Pass(500);
        Assert.That(_share.Works(_now), Is.Null);

        Assert.That(Work(250), Is.EqualTo(0.5), "500 ms in the middle are not known");
    }

    [Test]
    [Reference("J6")]
    public void A_task_that_begins_with_work_is_measured_from_there()
    {
        var share = new BusyShare();

        share.Works(_now);
        Pass(800);
        share.Waits(_now);
        Pass(200);

        Assert.That(share.Works(_now), Is.EqualTo(0.8));
    }

    [Test]
    public void A_window_of_which_nothing_is_known_has_no_share()
    {
        Pass(1500);
        double? ended = _share.Waits(_now);
        Rest(500);
        double? next = Work(500);

        Assert.That((ended, next), Is.EqualTo(((double?)null, (double?)0.5)));
    }

    private double? Rest(int ms)
    {
        Pass(ms);
        return _share.Works(_now);
    }

    private double? Work(int ms)
    {
        Pass(ms);
        return _share.Waits(_now);
    }

    private void Pass(int ms) => _now += TimeSpan.FromMilliseconds(ms);
}
