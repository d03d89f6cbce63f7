using System.Collections.ObjectModel;

namespace Raft.Simulation.Linearizability;

/// <summary>The first line of a history file: the run that the history comes from.</summary>
internal sealed record HistoryHeader
{
    /// <summary>The version of the format.</summary>
    public const int Version = 1;

    /// <summary>The seed of the run.</summary>
    public long Seed { get; init; }

    /// <summary>The git commit of what ran.</summary>
    public string Commit { get; init; } = "";

    /// <summary>The options of the run, all of them, so that it can be repeated.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What the times of the history count.</summary>
    public HistoryClock Clock { get; init; }

    /// <summary>What keys held at first; those that are not named held 0.</summary>
    public IReadOnlyDictionary<string, long> InitialValues { get; init; } = ReadOnlyDictionary<string, long>.Empty;
}
