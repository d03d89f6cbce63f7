using System.Diagnostics.Metrics;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>
/// Measures how long something takes, in milliseconds of the node's clock, if anybody listens; if not, it does not even
/// look at the clock. Any task may use it.
/// </summary>
/// <param name="histogram">Where the times go; null for nowhere.</param>
/// <param name="newest">Shows the newest time too; null for nowhere.</param>
/// <param name="clock">The node's clock.</param>
internal sealed class TimeMeter(Histogram<double>? histogram, Gauge<double>? newest, NodeClock clock)
{
    /// <summary>Whether anybody listens.</summary>
    public bool IsOn => histogram is { Enabled: true } || newest is { Enabled: true };

    /// <summary>It begins.</summary>
    /// <returns>When; null where nobody listens.</returns>
    public TimeSpan? Begin() => IsOn ? clock.Now : null;

    /// <summary>It has ended.</summary>
    /// <param name="began">What <see cref="Begin"/> returned.</param>
    public void End(TimeSpan? began)
    {
        if (began is { } at)
        {
            Since(at);
        }
    }

    /// <summary>It has ended.</summary>
    /// <param name="began">What <see cref="Begin"/> returned.</param>
    /// <param name="tag">What it concerns.</param>
    public void End(TimeSpan? began, in KeyValuePair<string, object?> tag)
    {
        if (began is { } at && IsOn)
        {
            histogram!.Record((clock.Now - at).TotalMilliseconds, tag);
        }
    }

    /// <summary>It has ended, and began at a time that was noted anyway.</summary>
    public void Since(TimeSpan at)
    {
        if (IsOn)
        {
            Took(clock.Now - at);
        }
    }

    /// <summary>It has taken so long.</summary>
    public void Took(TimeSpan time)
    {
        histogram?.Record(time.TotalMilliseconds);
        newest?.Record(time.TotalMilliseconds);
    }
}
