using System.Diagnostics.Metrics;

namespace Raft.Tests.Support;

/// <summary>
/// Makes the meters of nodes and transports, as a host would, and keeps what is measured with them. Unlike a host's, its
/// meters end when their owner disposes them.
/// </summary>
internal sealed class Measurements : IMeterFactory
{
    private readonly Lock _gate = new();
    private readonly List<Measurement> _taken = [];
    private readonly List<Instrument> _ended = [];
    private MeterListener? _listener;

    /// <summary>The meters, in the order in which they were made.</summary>
    public List<Meter> Meters { get; } = [];

    /// <summary>The instruments, listened to or not.</summary>
    public List<Instrument> Instruments { get; } = [];

    /// <summary>Which instruments are listened to.</summary>
    public Func<Instrument, bool> Wants { get; init; } = static _ => true;

    /// <summary>Everything measured so far.</summary>
    public IReadOnlyList<Measurement> Taken
    {
        get
        {
            lock (_gate)
            {
                return [.. _taken];
            }
        }
    }

    /// <summary>The instruments that were listened to and whose meter was disposed.</summary>
    public IReadOnlyList<Instrument> Ended => _ended;

    /// <summary>What an instrument measured.</summary>
    public IReadOnlyList<Measurement> Of(string name) => [.. Taken.Where(m => m.Name == name)];

    /// <summary>The values of an instrument.</summary>
    public IReadOnlyList<double> ValuesOf(string name) => [.. Of(name).Select(m => m.Value)];

    public Meter Create(MeterOptions options)
    {
        Listen();
        options.Scope = this;
        var meter = new Meter(options);
        Meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener?.Dispose();
        Meters.ForEach(static m => m.Dispose());
    }

    private void Listen()
    {
        if (_listener is not null)
        {
            return;
        }

        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == this)
                {
                    Instruments.Add(instrument);
                    if (Wants(instrument))
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                }
            },
            MeasurementsCompleted = (instrument, _) => _ended.Add(instrument),
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var measurement = new Measurement(
            instrument.Name, value, tags.ToArray().ToDictionary(t => t.Key, t => (string?)t.Value),
            instrument.Meter.Tags?.ToDictionary(t => t.Key, t => (string?)t.Value) ?? []);
        lock (_gate)
        {
            _taken.Add(measurement);
        }
    }

    /// <summary>One value.</summary>
    /// <param name="Name">The instrument's name.</param>
    /// <param name="Value">The value.</param>
    /// <param name="Tags">The value's own tags.</param>
    /// <param name="MeterTags">Those of the meter.</param>
    internal sealed record Measurement(
        string Name, double Value, Dictionary<string, string?> Tags, Dictionary<string, string?> MeterTags);
}
