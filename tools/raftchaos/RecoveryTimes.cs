using System.Text.Json;

namespace Raftchaos;

/// <summary>How long it took until writes were acknowledged again, fault by fault.</summary>
internal sealed class RecoveryTimes
{
    private readonly List<TimeSpan> _times = [];

    /// <summary>Notes one.</summary>
    public void Add(TimeSpan time) => _times.Add(time);

    /// <summary>The time within which a share of them lies.</summary>
    public TimeSpan Percentile(double share) =>
        _times.Count == 0 ? TimeSpan.Zero : _times.Order().ElementAt(Math.Min(_times.Count - 1, (int)Math.Ceiling(share * _times.Count) - 1));

    /// <summary>Adds them to the closing line.</summary>
    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", _times.Count);
        json.WriteNumber("p50_ms", Math.Round(Percentile(0.5).TotalMilliseconds));
        json.WriteNumber("p99_ms", Math.Round(Percentile(0.99).TotalMilliseconds));
        json.WriteNumber("max_ms", Math.Round(Percentile(1).TotalMilliseconds));
        json.WriteEndObject();
    }

    /// <summary>Says what is worse than two election timeouts and a second, at the 99th percentile.</summary>
    public string? Judge(string what, TimeSpan electionTimeout)
    {
        TimeSpan limit = (2 * electionTimeout) + TimeSpan.FromSeconds(1);
        return Percentile(0.99) <= limit ? null
            : $"{what}: writes were back within {Percentile(0.99).TotalMilliseconds:0} ms at p99, promised are {limit.TotalMilliseconds:0} ms";
    }
}
