using System.Diagnostics.Metrics;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>How busy one of the node's two main tasks is, measured while anybody listens. Owned by that task.</summary>
/// <param name="histogram">Where the shares go; null for nowhere.</param>
/// <param name="clock">The node's clock.</param>
internal sealed class ThreadMeter(Histogram<double>? histogram, NodeClock clock)
{
    private BusyShare? _share;

    /// <summary>The task goes on.</summary>
    public void Works()
    {
        if (IsOn())
        {
            Record(_share!.Works(clock.Now));
        }
    }

    /// <summary>The task has nothing to do.</summary>
    public void Waits()
    {
        if (IsOn())
        {
            Record(_share!.Waits(clock.Now));
        }
    }

    // Begun anew for every listener: what went on while nobody listened is not known.
    private bool IsOn()
    {
        _share = histogram is { Enabled: true } ? _share ?? new BusyShare() : null;
        return _share is not null;
    }

    private void Record(double? share)
    {
        if (share is { } value)
        {
            histogram!.Record(value);
        }
    }
}
