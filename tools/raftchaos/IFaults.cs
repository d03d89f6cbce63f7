using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos;

/// <summary>What is done to a cluster in a run.</summary>
internal interface IFaults
{
    /// <summary>Its name, for the closing line.</summary>
    string Name { get; }

    /// <summary>Makes what the nodes need before they start.</summary>
    /// <exception cref="ChaosException">It cannot be had here.</exception>
    Task PrepareAsync(ChaosCluster cluster) => Task.CompletedTask;

    /// <summary>Takes that away again, when they have ended.</summary>
    Task CleanUpAsync() => Task.CompletedTask;

    /// <summary>Does it, to its end.</summary>
    /// <exception cref="ChaosException">The cluster does not come back.</exception>
    Task RageAsync(ChaosWorld world);

    /// <summary>Adds its own figures to the closing line.</summary>
    /// <returns>What is worse than what is promised; null where nothing is.</returns>
    string? Report(Utf8JsonWriter json);
}
