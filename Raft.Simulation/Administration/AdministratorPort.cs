using Raft.Simulation.Cluster;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Administration;

/// <summary>
/// How administrators reach the servers, and what is known of what they asked for. A change that was refused must never
/// stand in a log, so there are no more configurations than changes that were not.
/// </summary>
internal sealed class AdministratorPort(SimCluster cluster, SimProcess process, CallRegister calls, SimRandom random)
{
    private const double DelayMaxFactor = 2.5;

    private readonly List<(Task<ApplyResult> Call, SimProcess Process)> _changes = [];
    private readonly HashSet<ulong> _done = [];
    private bool _isStopping;

    /// <summary>Whether administrators are to end.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>Changes that may still be taken by a server.</summary>
    public int InFlight => _changes.Count(c => !c.Call.IsCompleted && !c.Process.IsDead);

    /// <summary>The server that lost its disk and is to be replaced; null where there is none.</summary>
    public SimServer? Lost { get; set; }

    /// <summary>Administrators are to end.</summary>
    public void Stop() => _isStopping = true;

    /// <summary>Lets time pass.</summary>
    public Task DelayAsync(TimeSpan mean) => Task.Delay(
        mean * Math.Min(DelayMaxFactor, -Math.Log(1 - random.NextFraction())), process.Time);

    /// <summary>The server that should be asked: the leader mostly.</summary>
    public SimServer PickServer() => random.Chance(0.9) && cluster.Leader is { } leader ? leader : random.Pick(cluster.Servers);

    /// <summary>Asks a server for a change of the members, and waits until it has an outcome or the server is gone.</summary>
    /// <returns>The change's entry, committed; null where it is not known to be.</returns>
    public async Task<ApplyResult?> ChangeAsync(Func<RaftNode, Task<ApplyResult>> change, string what)
    {
        SimServer server = PickServer();
        if (server.Node is not { } node)
        {
            return null;
        }

        cluster.Kernel.Log?.Invoke(cluster.Kernel.Now, $"administrator > {server.Id}: {what}");
        Task<ApplyResult> call = change(node);
        _changes.Add((call, server.Process!));
        if (!await EndAsync(call, server, what))
        {
            return null;
        }

        ApplyResult done = call.GetAwaiter().GetResult();
        server.Coverage.Hit(Happening.MemberChange);
        if (!_done.Add(done.Index) || !cluster.Ledger.IsCommitted(done.Index, done.Term)
            || cluster.Ledger.Configurations.Of(done.Index, done.Term) is null)
        {
            cluster.Ledger.Violated(
                Rule.Outcomes, $"{server.Id} says that a change is committed at ({done.Index}, {done.Term}): {what}");
        }

        return done;
    }

    /// <summary>Asks a server to hand its leadership over.</summary>
    /// <param name="target">To whom; empty for anyone.</param>
    /// <param name="begun">Called when it was asked.</param>
    public async Task TransferAsync(ServerId target, Action<SimServer> begun)
    {
        SimServer server = PickServer();
        if (server.Node is not { } node)
        {
            return;
        }

        string what = $"hand over to {(target.IsEmpty ? "anyone" : target)}";
        cluster.Kernel.Log?.Invoke(cluster.Kernel.Now, $"administrator > {server.Id}: {what}");
        server.Watch!.NamedTarget = target;
        Task<ServerId> call = node.TransferLeadershipAsync(target);
        begun(server);
        if (await EndAsync(call, server, what))
        {
            ServerId told = call.GetAwaiter().GetResult();
            if (told == server.Id || (!target.IsEmpty && told != target))
            {
                cluster.Ledger.Violated(Rule.Outcomes, $"{server.Id} says that it handed over to {told}: {what}");
            }
        }
    }

    /// <summary>Asks a server for a snapshot.</summary>
    public async Task SnapshotAsync()
    {
        SimServer server = cluster.PickServer(leaderBias: 0.4);
        if (server.Node is not { } node)
        {
            return;
        }

        Task<SnapshotMeta> call = node.SnapshotAsync();
        if (await EndAsync(call, server, "take a snapshot"))
        {
            SnapshotMeta taken = call.GetAwaiter().GetResult();
            if (server.Node == node && cluster.Ledger.Stores[server.Machine].Snapshots.Index < taken.Index)
            {
                cluster.Ledger.Violated(Rule.Outcomes, $"{server.Id} says that it took snapshot {taken.Id}, which is not on its disk");
            }
        }
    }

    /// <summary>After all processes have ended: what was refused is nowhere. Where leaders change members too, that cannot be counted.</summary>
    public void CheckAll()
    {
        int refused = _changes.Count(c => c.Call.Exception?.InnerException is { } failure && IsRefusal(failure));
        int appended = cluster.Ledger.Configurations.Count - 1;
        if (cluster.Config.Autopilot is null && appended > _changes.Count - refused)
        {
            cluster.Ledger.Violated(
                Rule.Outcomes, $"of {_changes.Count} changes of members {refused} were refused, and {appended} were appended");
        }
    }

    private static bool IsRefusal(Exception failure) => failure is NotLeaderException or ConfigurationChangeException
        or LeadershipTransferInProgressException or EnqueueTimeoutException or RaftShutdownException;

    /// <returns>Whether it succeeded.</returns>
    private async Task<bool> EndAsync(Task call, SimServer server, string what)
    {
        Task gone = server.Gone;
        calls.Add(call, server.Process!, command: null, $"{what}, of {server.Id} at {cluster.Kernel.Now}");
        await Task.WhenAny(call, gone);
        Exception? failure = call.Exception?.InnerException;
        cluster.Kernel.Log?.Invoke(
            cluster.Kernel.Now,
            $"administrator < {server.Id}: {what}: {(call.IsCompletedSuccessfully ? "done" : failure?.Message ?? "gone")}");
        switch (failure)
        {
            case null or LeadershipLostException or NothingNewToSnapshotException or ArgumentException:
            case StoreException when what == "take a snapshot":
            case RaftException when what == "take a snapshot" && failure.GetType() == typeof(RaftException):
                // The disk failed, or a restore is under way.
                break;
            case LeadershipTransferException:
                server.Coverage.Hit(Happening.TransferFailed);
                if (failure.Message.Contains("ended its leadership", StringComparison.Ordinal))
                {
                    server.Coverage.Hit(Happening.TransferDeposed);
                }

                break;
            default:
                if (!IsRefusal(failure))
                {
                    calls.Unexpected(failure, server.Id);
                }

                break;
        }

        return call.IsCompletedSuccessfully;
    }
}
