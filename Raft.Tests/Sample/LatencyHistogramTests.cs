using Raft.Fsm.Sample.Bench;

namespace Raft.Tests.Sample;

public sealed class LatencyHistogramTests
{
    [Test]
    public void Percentiles_are_right_to_the_width_of_a_bucket()
    {
        var histogram = new LatencyHistogram();
        for (long value = 1; value <= 100_000; value++)
        {
            histogram.Record(value);
        }

        Assert.That(histogram.Count, Is.EqualTo(100_000));
        Assert.That(histogram.Percentile(0.5), Is.EqualTo(50_000).Within(2).Percent);
        Assert.That(histogram.Percentile(0.99), Is.EqualTo(99_000).Within(2).Percent);
        Assert.That(histogram.Percentile(1), Is.EqualTo(100_000).Within(2).Percent);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(127)]
    [TestCase(128)]
    [TestCase(1_000_000_007)]
    [TestCase(long.MaxValue)]
    public void Any_value_is_at_most_its_bucket_and_near_it(long value)
    {
        var histogram = new LatencyHistogram();

        histogram.Record(value);

        Assert.That(histogram.Percentile(0.5), Is.GreaterThanOrEqualTo(value));
        Assert.That(histogram.Percentile(0.5) - value, Is.LessThanOrEqualTo(value / 64));
    }

    [Test]
    public void Nothing_recorded_is_zero() => Assert.That(new LatencyHistogram().Percentile(0.99), Is.Zero);
}
