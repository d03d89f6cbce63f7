namespace Raft.Core;

/// <summary>
/// How many bytes of entries may be on their way to one follower: about twice what its link, and its disk, take in one round trip
/// (the bandwidth-delay product). Pure; owned by its replicator, which tells it what is sent and answered, and when.
/// </summary>
/// <remarks>
/// As BBR has it (Cardwell et al., ACM Queue 14(5), 2016), much reduced: the rate is what was acknowledged between the sending and
/// the answer of a request, the best of the last few round trips in which the window was what held us back; the round trip is the
/// shortest of the last ten seconds. Twice the product keeps a link busy while answers are on their way, and puts no
/// more than one round trip's worth into queues. A shortest round trip that is too old may have come to be that of a queue: it is
/// measured again with the least that may be on its way.
/// </remarks>
internal sealed class SendWindow
{
    private const double Gain = 2;
    private const long FirstBytes = 1 << 20;
    private const int RoundsKept = 3;

    /// <summary>How long a shortest round trip is believed.</summary>
    private static readonly TimeSpan RoundTripLife = TimeSpan.FromSeconds(10);

    private readonly Queue<Sample> _inFlight = new();
    private readonly Queue<double> _rates = new();
    private readonly long _bytesMin;
    private readonly long _bytesMax;
    private readonly long _first;
    private long _inFlightBytes;
    private long _delivered;
    private long _roundEnd;
    private double _roundRate;
    private TimeSpan _roundTrip = TimeSpan.MaxValue;
    private TimeSpan _roundTripAt;
    private TimeSpan _lastFullAt = TimeSpan.MinValue;
    private bool _isMeasuring;

    /// <summary>Begins with a mebibyte, or what the limit allows.</summary>
    /// <param name="batchBytes">The most of one request, in bytes: less than that is never the limit.</param>
    /// <param name="bytesMax">What the window never goes over, in bytes.</param>
    public SendWindow(long batchBytes, long bytesMax)
    {
        _bytesMax = bytesMax;
        _bytesMin = Math.Min(batchBytes, bytesMax);
        _first = Math.Min(Math.Max(FirstBytes, batchBytes), bytesMax);
        Bytes = _first;
    }

    /// <summary>The window, in bytes. A request is sent while less is on its way, so that one more than fits may be.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether it has no room.</summary>
    public bool IsFull => _inFlightBytes >= Bytes;

    private double Rate => Math.Max(_roundRate, _rates.Count == 0 ? 0 : _rates.Max());

    /// <summary>A request goes out.</summary>
    /// <param name="bytes">Bytes of its entries; none for one that only tells the commit index, which measures nothing.</param>
    /// <param name="now">The time.</param>
    public void Sent(long bytes, TimeSpan now)
    {
        _inFlight.Enqueue(new Sample(bytes, now, _delivered, IsAlone: _inFlightBytes < _bytesMin));
        _inFlightBytes += bytes;
        NoteFull(now);
    }

    /// <summary>The oldest request was answered.</summary>
    /// <param name="now">The time.</param>
    public void Answered(TimeSpan now)
    {
        NoteFull(now);
        Sample sample = _inFlight.Dequeue();
        _inFlightBytes -= sample.Bytes;
        _delivered += sample.Bytes;
        TimeSpan took = now - sample.SentAt;
        if (sample.Bytes == 0 || took <= TimeSpan.Zero)
        {
            return;
        }

        NoteRoundTrip(sample, took, now);
        NoteRate(sample, took);
        Resize();
    }

    /// <summary>The connection is gone, and with it what was on its way and what is known of the link.</summary>
    public void Restart()
    {
        _inFlight.Clear();
        _rates.Clear();
        _inFlightBytes = 0;
        _roundRate = 0;
        _roundEnd = _delivered;
        _roundTrip = TimeSpan.MaxValue;
        _lastFullAt = TimeSpan.MinValue;
        _isMeasuring = false;
        Bytes = _first;
    }

    private void NoteFull(TimeSpan now)
    {
        if (IsFull)
        {
            _lastFullAt = now;
        }
    }

    private void NoteRoundTrip(in Sample sample, TimeSpan took, TimeSpan now)
    {
        bool isOver = now - _roundTripAt > RoundTripLife;
        if (took <= _roundTrip || (isOver && _isMeasuring && sample.IsAlone))
        {
            _roundTrip = took;
            _roundTripAt = now;
            _isMeasuring = false;
        }
        else if (isOver)
        {
            _isMeasuring = true;
        }
    }

    // Where the window never was full, the rate is that of the writers, not of the link: it only tells that the link takes so much.
    private void NoteRate(in Sample sample, TimeSpan took)
    {
        double rate = (_delivered - sample.DeliveredBefore) / took.TotalSeconds;
        bool isOfLink = _lastFullAt >= sample.SentAt;
        if (isOfLink || rate > Rate)
        {
            _roundRate = Math.Max(_roundRate, rate);
        }

        if (isOfLink && sample.DeliveredBefore >= _roundEnd)
        {
            _roundEnd = _delivered;
            _rates.Enqueue(_roundRate);
            _roundRate = 0;
            if (_rates.Count > RoundsKept)
            {
                _rates.Dequeue();
            }
        }
    }

    private void Resize()
    {
        double bytes = _isMeasuring ? 0 : Gain * Rate * _roundTrip.TotalSeconds;

        // What only writers filled says nothing against the first window.
        long least = _rates.Count == 0 && !_isMeasuring ? _first : _bytesMin;
        Bytes = (long)Math.Clamp(bytes, least, _bytesMax);
    }

    /// <summary>A request on its way.</summary>
    /// <param name="Bytes">Bytes of its entries.</param>
    /// <param name="SentAt">When it was sent.</param>
    /// <param name="DeliveredBefore">Bytes that had been acknowledged then.</param>
    /// <param name="IsAlone">Whether less than a batch was on its way then.</param>
    private readonly record struct Sample(long Bytes, TimeSpan SentAt, long DeliveredBefore, bool IsAlone);
}
