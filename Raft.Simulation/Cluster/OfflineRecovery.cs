using Raft.Loop;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Cluster;

/// <summary>A recovery that a server's administrator has begun, and does again until it returns or is seen to be done.</summary>
/// <param name="server">The server.</param>
/// <param name="kernel">Where everything happens.</param>
/// <param name="ledger">What is true.</param>
/// <param name="configuration">The members from now on.</param>
/// <param name="onDone">Called when it is done.</param>
internal sealed class OfflineRecovery(
    SimServer server, SimKernel kernel, ClusterLedger ledger, ClusterConfiguration configuration, Action onDone)
{
    private bool _isDone;

    private SnapshotMeta? Newest => ledger.Stores[server.Machine].Snapshots.Newest;

    // An administrator who finds the new members in place may leave the rest to the start.
    private bool IsInPlace => Newest is { } newest && newest.Index == ledger.RecoveredIndex
        && newest.Point.Configuration.Equals(configuration);

    /// <summary>Goes on with it, on stores that were just opened; for a server whose recovery is done nothing happens.</summary>
    /// <param name="config">The server's settings.</param>
    /// <param name="fsm">An empty state machine, thrown away.</param>
    /// <param name="log">Its log.</param>
    /// <param name="stable">Its term and vote.</param>
    /// <param name="snapshots">Its snapshots.</param>
    /// <param name="runtime">What it runs on.</param>
    public async Task GoOnAsync(
        RaftConfig config, IFsm fsm, ILogStore log, IStableStore stable, ISnapshotStore snapshots, RaftRuntime runtime)
    {
        if (_isDone)
        {
            return;
        }

        if (IsInPlace && kernel.Random.Chance(0.5))
        {
            server.Coverage.Hit(Happening.RecoveryLeftToStart);
        }
        else
        {
            // From here on what it has is what there is, also if it is interrupted: nobody else is left.
            ledger.Recovered(server.Machine, configuration);
            RecoveryReport report = await RaftNode.RecoverClusterAsync(
                config, fsm, log, stable, snapshots, configuration, acceptsUncommitted: true, runtime);
            server.Coverage.Hit(Happening.Recovered);
            Check(report, log);
        }

        _isDone = true;
        onDone();
    }

    private void Check(RecoveryReport report, ILogStore log)
    {
        if (report.LastIndex != ledger.CommitIndex || log.LastIndex != 0 || !IsInPlace || Newest!.Id != report.SnapshotId)
        {
            ledger.Violated(
                Rule.Recovered,
                $"{server.Id} says that it was recovered up to {report.LastIndex} in {report.SnapshotId}; it has all to "
                + $"{ledger.CommitIndex}, its newest snapshot is {Newest?.Id}, and its log ends at {log.LastIndex}");
        }
    }
}
