using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>The window towards a follower, on links that are simulated here.</summary>
public sealed class SendWindowTests
{
    private const int Batch = 256 << 10;
    private const double MB = 1_000_000;

    [Test]
    [Reference("a30")]
    public void A_link_of_a_megabyte_a_second_never_has_seconds_of_entries_before_it()
    {
        var link = new Link(MB, TimeSpan.FromMilliseconds(1), bytesMax: 4 << 20);

        link.Run(TimeSpan.FromSeconds(5));
        link.Forget();
        link.Run(TimeSpan.FromSeconds(120));

        Assert.That(link.InFlightMost, Is.LessThanOrEqualTo(4 * Batch));
        Assert.That(link.RoundTripMost, Is.LessThan(TimeSpan.FromSeconds(1.2)));
        Assert.That(link.Delivered, Is.GreaterThan(0.95 * 120 * MB), "the link is kept busy");
    }

    [Test]
    [Reference("a30")]
    public void A_wide_and_long_link_is_filled()
    {
        var link = new Link(1000 * MB, TimeSpan.FromMilliseconds(50), bytesMax: 256 << 20);

        link.Run(TimeSpan.FromSeconds(3));
        link.Forget();
        link.Run(TimeSpan.FromSeconds(5));

        Assert.That(link.Delivered, Is.GreaterThan(0.9 * 5 * 1000 * MB));
        Assert.That(link.Window.Bytes, Is.LessThan(3 * 50 * MB), "twice what it takes in a round trip");
    }

    [Test]
    [Reference("a30")]
    public void The_limit_holds_on_the_widest_link()
    {
        var link = new Link(10_000 * MB, TimeSpan.FromMilliseconds(50), bytesMax: 4 << 20);

        link.Run(TimeSpan.FromSeconds(5));

        Assert.That(link.Window.Bytes, Is.EqualTo(4 << 20));
        Assert.That(link.InFlightMost, Is.LessThan((4 << 20) + Batch));
    }

    [Test]
    public void A_link_that_becomes_slow_is_noticed_within_a_few_round_trips()
    {
        var link = new Link(1000 * MB, TimeSpan.FromMilliseconds(20), bytesMax: 4 << 20);
        link.Run(TimeSpan.FromSeconds(5));

        link.BytesPerSecond = MB;
        link.Run(TimeSpan.FromSeconds(25));
        link.Forget();
        link.Run(TimeSpan.FromSeconds(20));

        Assert.That(link.InFlightMost, Is.LessThanOrEqualTo(4 * Batch));
    }

    [Test]
    public void A_link_that_becomes_fast_again_is_noticed()
    {
        var link = new Link(MB, TimeSpan.FromMilliseconds(20), bytesMax: 64 << 20);
        link.Run(TimeSpan.FromSeconds(20));

        link.BytesPerSecond = 500 * MB;
        link.Run(TimeSpan.FromSeconds(20));

        Assert.That(link.Window.Bytes, Is.GreaterThan(10 * MB));
    }

    [Test]
    public void Writers_that_do_not_fill_it_make_it_no_smaller()
    {
        var window = new SendWindow(Batch, 4 << 20);
        for (int i = 0; i < 10_000; i++)
        {
            window.Sent(100, TimeSpan.FromMilliseconds(10 * i));
            window.Answered(TimeSpan.FromMilliseconds((10 * i) + 1));
        }

        Assert.That(window.Bytes, Is.EqualTo(4 * Batch));
    }

    [Test]
    public void A_new_connection_begins_as_the_first_one()
    {
        var link = new Link(MB, TimeSpan.FromMilliseconds(1), bytesMax: 4 << 20);
        link.Run(TimeSpan.FromSeconds(20));
        Assert.That(link.Window.Bytes, Is.LessThan(4 * Batch));

        link.Window.Restart();

        Assert.That((link.Window.Bytes, link.Window.IsFull), Is.EqualTo((4L * Batch, false)));
    }

    [Test]
    public void It_stays_between_a_batch_and_the_limit_whatever_happens()
    {
        var random = new Random(3);
        var window = new SendWindow(Batch, 3 << 20);
        var now = TimeSpan.Zero;
        int inFlight = 0;
        for (int step = 0; step < 100_000; step++)
        {
            now += TimeSpan.FromTicks(random.NextInt64(random.Next(3) == 0 ? 1 : 20_000_000));
            if (inFlight > 0 && random.Next(2) == 0)
            {
                window.Answered(now);
                inFlight--;
            }
            else if (random.Next(500) == 0)
            {
                window.Restart();
                inFlight = 0;
            }
            else
            {
                window.Sent(random.Next(3) == 0 ? 0 : random.Next(2 * Batch), now);
                inFlight++;
            }

            Assert.That(window.Bytes, Is.InRange(Batch, 3 << 20));
        }
    }

    /// <summary>A link with one queue before it, and a writer that always has another batch.</summary>
    private sealed class Link(double bytesPerSecond, TimeSpan latency, long bytesMax)
    {
        private readonly Queue<(TimeSpan SentAt, TimeSpan AnsweredAt, int Bytes)> _onTheirWay = new();
        private TimeSpan _now;
        private TimeSpan _freeAt;
        private long _inFlight;

        public double BytesPerSecond { get; set; } = bytesPerSecond;

        public SendWindow Window { get; } = new(Batch, bytesMax);

        public long InFlightMost { get; private set; }

        public TimeSpan RoundTripMost { get; private set; }

        public double Delivered { get; private set; }

        /// <summary>Looks anew from now on.</summary>
        public void Forget()
        {
            InFlightMost = 0;
            RoundTripMost = TimeSpan.Zero;
            Delivered = 0;
        }

        public void Run(TimeSpan time)
        {
            TimeSpan end = _now + time;
            while (_now < end)
            {
                while (!Window.IsFull)
                {
                    Window.Sent(Batch, _now);
                    _inFlight += Batch;
                    InFlightMost = Math.Max(InFlightMost, _inFlight);
                    _freeAt = (_freeAt > _now ? _freeAt : _now) + TimeSpan.FromSeconds(Batch / BytesPerSecond);
                    _onTheirWay.Enqueue((_now, _freeAt + latency, Batch));
                }

                (TimeSpan sentAt, TimeSpan answeredAt, int bytes) = _onTheirWay.Dequeue();
                _now = answeredAt > _now ? answeredAt : _now;
                _inFlight -= bytes;
                Delivered += bytes;
                TimeSpan took = _now - sentAt;
                RoundTripMost = took > RoundTripMost ? took : RoundTripMost;
                Window.Answered(_now);
            }
        }
    }
}
