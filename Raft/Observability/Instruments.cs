using System.Diagnostics.Metrics;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>
/// Makes a node's instruments, of the kinds that <c>docs/metrics.md</c> tells apart. Without a meter it makes none, and
/// what would be measured costs one comparison.
/// </summary>
/// <param name="meter">What they belong to; null where nothing is measured.</param>
/// <param name="clock">The clock of all times.</param>
internal sealed class Instruments(Meter? meter, NodeClock clock)
{
    /// <summary>The unit of all times.</summary>
    public const string Milliseconds = "ms";

    /// <summary>Something that took time.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="description">What took time.</param>
    /// <param name="newest">Shows the newest time too.</param>
    public TimeMeter Time(string name, string description, Gauge<double>? newest = null) =>
        new(meter?.CreateHistogram<double>(name, Milliseconds, description), newest, clock);

    /// <summary>Something that happens.</summary>
    public Counter<long>? Count(string name, string unit, string description) =>
        meter?.CreateCounter<long>(name, unit, description);

    /// <summary>Something whose every value counts.</summary>
    public Histogram<double>? Sample(string name, string unit, string description) =>
        meter?.CreateHistogram<double>(name, unit, description);

    /// <summary>Something whose newest value counts.</summary>
    /// <remarks>
    /// Recorded where it changes, not asked for: a callback would read state of a loop from whatever thread collects, and
    /// would stay with a factory that keeps its meters longer than the node lives.
    /// </remarks>
    public Gauge<double>? Gauge(string name, string unit, string description) =>
        meter?.CreateGauge<double>(name, unit, description);
}
