using Raft.Simulation.Invariants;

namespace Raft.Simulation.Cluster;

/// <summary>How a server stands, for a human who reads the report.</summary>
internal static class ServerText
{
    /// <summary>One line about it.</summary>
    /// <param name="server">The server.</param>
    /// <param name="disk">What must be on its disk.</param>
    public static string Of(SimServer server, StoreModel disk) =>
        $"{server.Id} {server.Condition}{(server.Process is { IsPaused: true } ? " (paused)" : string.Empty)}: "
        + (server.Watch is { } watch
            ? $"{watch.State} {watch.Record}, log to ({watch.Log.LastIndex}, {watch.Log.LastTerm}), commit {watch.CommitIndex}, "
                + $"applied {watch.AppliedIndex}, "
                + $"log from {watch.Log.FirstIndex}, snapshot {watch.History.SnapshotIndex}, {watch.Configuration}; "
            : string.Empty)
        + $"on disk {disk.Record?.ToString() ?? "no term"}, log to ({disk.Log.LastIndex}, {disk.Log.LastTerm}), "
        + $"snapshot {disk.Snapshots.Index}{(server.HasLostDisk ? ", lost" : string.Empty)}";
}
