using Raft.Replication;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Timing;

/// <summary>How long a server waits: drawn, or longer with every failure.</summary>
public sealed class DrawnTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    [Reference("J7", "a03")]
    public void A_drawn_timeout_is_spread_from_once_to_twice_the_least()
    {
        var random = new NodeRandom(seed: 7);

        TimeSpan[] drawn = [.. Enumerable.Range(0, 10_000).Select(_ => random.Jitter(Second))];

        Assert.That(drawn.Min(), Is.GreaterThanOrEqualTo(Second).And.LessThan(1.01 * Second));
        Assert.That(drawn.Max(), Is.LessThan(2 * Second).And.GreaterThan(1.99 * Second));
        Assert.That(drawn.Count(t => t < 1.5 * Second), Is.InRange(4800, 5200));
    }

    [Test]
    [Reference("J8")]
    public void Servers_of_different_seeds_draw_different_timeouts_and_those_of_one_seed_the_same()
    {
        NodeRandom[] servers = [new(seed: 1), new(seed: 2), new(seed: 1)];

        TimeSpan[][] drawn = [.. servers.Select(s => Enumerable.Range(0, 20).Select(_ => s.Jitter(Second)).ToArray())];

        Assert.That(drawn[1], Is.Not.EqualTo(drawn[0]));
        Assert.That(drawn[2], Is.EqualTo(drawn[0]));
    }

    [TestCase(1, 10)]
    [TestCase(2, 10)]
    [TestCase(3, 20)]
    [TestCase(4, 40)]
    [TestCase(8, 640)]
    [TestCase(9, 1000)]
    [TestCase(int.MaxValue, 1000)]
    [Reference("J8", "c14")]
    public void The_wait_after_failures_doubles_from_the_third_on_up_to_a_bound(int failures, int milliseconds) =>
        Assert.That(Backoff.After(failures, most: Second), Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
}
