using Raft.Simulation.Cluster;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>How one client reaches the servers: guesses the leader, waits no longer than it likes, notices dead servers.</summary>
internal sealed class ClientPort(SimCluster cluster, SimProcess process, CallRegister calls, SimRandom random)
{
    /// <summary>The share of calls that try any server, whoever led last: others may know better.</summary>
    private const double AnyServerShare = 0.15;

    private static readonly TimeSpan WayMax = TimeSpan.FromMilliseconds(2);

    private readonly TimeSpan _patience = cluster.Config.HeartbeatTimeout * random.LogBetween(0.5, 8);
    private int _server;

    /// <summary>The client's process.</summary>
    public SimProcess Process => process;

    /// <summary>The client's chance.</summary>
    public SimRandom Random => random;

    /// <summary>Whether the client is to end.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Sends a command.</summary>
    public async Task<SimulationOutcome<object?>> ApplyAsync(ReadOnlyMemory<byte> command)
    {
        ulong hash = Mix.Of(command.Span);
        SimulationOutcome<ApplyResult> outcome = await CallAsync(
            node => node.ApplyAsync(command, _patience), what => calls.NotDone(hash, what));
        ApplyResult done = outcome.Value;
        if (outcome.IsDone)
        {
            calls.Done(done, hash, outcome.Server);
        }

        return new SimulationOutcome<object?>(outcome.Kind, done.Response, done.Index, done.Term, outcome.Server);
    }

    /// <summary>Reads, linearizably.</summary>
    public async Task<SimulationOutcome<T>> ReadAsync<T>(Func<IFsm, T> read)
    {
        SimulationOutcome<(T Value, ulong Index)> outcome = await CallAsync(node => ReadAsync(node, read), _ => { });
        if (outcome.IsDone)
        {
            calls.Read();
        }

        return new SimulationOutcome<T>(outcome.Kind, outcome.Value.Value, outcome.Value.Index, 0, outcome.Server);
    }

    /// <summary>Waits until the server has applied everything before.</summary>
    public async Task<bool> BarrierAsync() => (await CallAsync(node => node.BarrierAsync(_patience), _ => { })).IsDone;

    private async Task<(T Value, ulong Index)> ReadAsync<T>(RaftNode node, Func<IFsm, T> read)
    {
        SimServer server = cluster.Servers[_server];
        IFsm fsm = server.Fsm!;
        await node.ReadIndexAsync();
        return await node.InspectAsync(applied => (read(fsm), applied));
    }

    private async Task<SimulationOutcome<T>> CallAsync<T>(Func<RaftNode, Task<T>> call, Action<string> notDone)
    {
        await WayAsync();
        if (random.Chance(AnyServerShare))
        {
            _server = random.Next(cluster.Servers.Count);
        }

        SimServer server = cluster.Servers[_server];
        if (server.Node is not { } node)
        {
            _server = random.Next(cluster.Servers.Count);
            return new SimulationOutcome<T>(SimulationOutcomeKind.NotDone, default, 0, 0, server.Id);
        }

        Task gone = server.Gone;
        Task<T> answer = call(node);
        calls.Add(answer, server.Process!, $"of {server.Id} at {cluster.Kernel.Now}");
        await Task.WhenAny(answer, gone, Task.Delay(_patience, process.Time));
        if (answer.IsCompleted)
        {
            await WayAsync();
        }

        return Outcome(answer, server, node, notDone);
    }

    private SimulationOutcome<T> Outcome<T>(Task<T> answer, SimServer server, RaftNode node, Action<string> notDone)
    {
        if (answer.IsCompletedSuccessfully)
        {
            return new SimulationOutcome<T>(SimulationOutcomeKind.Done, answer.GetAwaiter().GetResult(), 0, 0, server.Id);
        }

        _server = random.Next(cluster.Servers.Count);
        if (answer.IsFaulted)
        {
            Exception failure = answer.Exception!.InnerException!;
            switch (failure)
            {
                case LeadershipLostException:
                    server.Coverage.Hit(Happening.LeadershipLost);
                    break;
                case NotLeaderException or EnqueueTimeoutException or RaftShutdownException:
                    FollowHint(node);
                    notDone($"{server.Id}: {failure.Message}");
                    return new SimulationOutcome<T>(SimulationOutcomeKind.NotDone, default, 0, 0, server.Id);
                default:
                    calls.Unexpected(failure, server.Id);
                    break;
            }
        }

        server.Coverage.Hit(Happening.OutcomeUnknown);
        calls.Lost();
        return new SimulationOutcome<T>(SimulationOutcomeKind.Unknown, default, 0, 0, server.Id);
    }

    private void FollowHint(RaftNode node)
    {
        ServerId leader = node.Leader.Id;
        for (int i = 0; i < cluster.Servers.Count; i++)
        {
            if (cluster.Servers[i].Id == leader && random.Chance(0.8))
            {
                _server = i;
            }
        }
    }

    private Task WayAsync() => Task.Delay(random.Between(TimeSpan.Zero, WayMax), process.Time);
}
