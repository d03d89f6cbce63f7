using System.Diagnostics.Metrics;

namespace Raft.Fsm.Sample.Node;

/// <summary>
/// What a node measured of each server that it sent to as leader. It makes the node's meter, and so hears that node alone,
/// however many run in the process.
/// </summary>
internal sealed class PeerFigures : IMeterFactory
{
    private const string Prefix = "raft.replication.";
    private const string PeerTag = "peer_id";

    // A lock: values come on the node's tasks, which wait for nobody, and are added in no time.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Instrument, string Peer), (long Count, double Sum)> _figures = [];
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener;

    /// <summary>Begins to listen.</summary>
    public PeerFigures()
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == this && instrument.Name.StartsWith(Prefix, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    /// <summary>How often an instrument got a value, and the sum of them, for each peer, in the order of their ids.</summary>
    /// <param name="instrument">Its name behind <c>raft.replication.</c></param>
    public IReadOnlyList<(string Peer, long Count, double Sum)> Of(string instrument)
    {
        lock (_gate)
        {
            return
            [
                .. _figures.Where(f => f.Key.Instrument == Prefix + instrument)
                    .Select(f => (f.Key.Peer, f.Value.Count, f.Value.Sum)).OrderBy(f => f.Peer, StringComparer.Ordinal),
            ];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(static m => m.Dispose());
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (tag.Key == PeerTag)
            {
                lock (_gate)
                {
                    (string, string) key = (instrument.Name, tag.Value?.ToString() ?? "");
                    (long count, double sum) = _figures.GetValueOrDefault(key);
                    _figures[key] = (count + 1, sum + value);
                }
            }
        }
    }
}
