using System.Runtime.ExceptionServices;
using Raft.Simulation.Cluster;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>How one client reaches the servers: guesses the leader, waits no longer than it likes, notices dead servers.</summary>
/// <param name="cluster">The servers.</param>
/// <param name="process">The client's process.</param>
/// <param name="calls">Hears of all calls.</param>
/// <param name="random">The client's chance.</param>
/// <param name="name">Who it is, for the trace.</param>
internal sealed class ClientPort(
    SimCluster cluster, SimProcess process, CallRegister calls, SimRandom random, string name)
{
    /// <summary>The share of calls that try any server, whoever led last: others may know better.</summary>
    private const double AnyServerShare = 0.15;

    private static readonly TimeSpan WayMax = TimeSpan.FromMilliseconds(2);

    private readonly TimeSpan _patience = cluster.Config.HeartbeatTimeout * random.LogBetween(0.5, 8);
    private readonly TimeSpan _placeWithin = cluster.Config.HeartbeatTimeout * random.LogBetween(0.02, 8);
    private int _server;

    /// <summary>The client's process.</summary>
    public SimProcess Process => process;

    /// <summary>The client's chance.</summary>
    public SimRandom Random => random;

    /// <summary>The share of the client's turns in which it replaces the cluster's state; 0 for never.</summary>
    public double RestoreShare { get; init; }

    /// <summary>The share of the client's turns in which it reads, beside those that it draws itself.</summary>
    public double ReadShare => cluster.AreFaultsOn ? cluster.ReadShare : 0;

    /// <summary>Whether the client is to end.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Throws, and notes it, where the caller has left the simulation.</summary>
    public void RequireHome()
    {
        // After ConfigureAwait(false) it may still be the same thread, but no longer the client's scheduler.
        if (TaskScheduler.Current != process.Scheduler)
        {
            cluster.Kernel.Escapes.NoteCall();
            throw new InvalidOperationException("A client was called by code that has left the simulation.");
        }
    }

    /// <summary>Sends a command.</summary>
    public async Task<SimulationOutcome<object?>> ApplyAsync(ReadOnlyMemory<byte> command)
    {
        ulong hash = Mix.Of(command.Span);
        calls.Sent(hash);
        SimulationOutcome<ApplyResult> outcome = await CallAsync(
            node => Apply(node, command), () => CommandText.Of(command.Span),
            what => calls.NotDone(hash, what), hash);
        ApplyResult done = outcome.Value;
        if (outcome.IsDone)
        {
            calls.Done(done, hash, outcome.Server);
        }

        var answer = new SimulationOutcome<object?>(outcome.Kind, done.Response, done.Index, done.Term, outcome.Server);
        Tell(answer);
        return answer;
    }

    /// <summary>Sends a command to any server, whoever leads, and does not wait for an answer.</summary>
    public void SendAside(ReadOnlyMemory<byte> command)
    {
        SimServer server = cluster.Servers[random.Next(cluster.Servers.Count)];
        if (server.Node is { } node)
        {
            ulong hash = Mix.Of(command.Span);
            calls.Sent(hash);
            cluster.Kernel.Log?.Invoke(cluster.Kernel.Now, $"{name} > {server.Id}, aside: {CommandText.Of(command.Span)}");
            calls.Add(Apply(node, command), server.Process!, hash, $"of {server.Id} at {cluster.Kernel.Now}, aside");
        }
    }

    /// <summary>Reads, linearizably.</summary>
    public async Task<SimulationOutcome<T>> ReadAsync<T>(Func<IFsm, T> read)
    {
        SimulationOutcome<(T Value, ulong Index, ExceptionDispatchInfo? Thrown)> outcome =
            await CallAsync(node => ReadAsync(node, DrawLinearizable(), read), () => "a read", _ => { });
        outcome.Value.Thrown?.Throw();
        if (outcome.IsDone)
        {
            calls.Read();
        }

        var answer = new SimulationOutcome<T>(
            outcome.Kind, outcome.Value.Value, outcome.Value.Index, 0, outcome.Server);
        Tell(answer);
        return answer;
    }

    /// <summary>Looks at a server by a promise that allows for an older state, and holds it to that promise.</summary>
    public async Task<bool> LookAsync()
    {
        var bound = TimeSpan.FromMilliseconds(random.LogBetween(1, 3000));
        ReadConsistency consistency = random.Chance(0.5)
            ? ReadConsistency.BoundedStaleness(bound)
            : ReadConsistency.AtLeast(cluster.Ledger.CommitIndex);
        return (await CallAsync(
            node => ReadAsync(node, consistency, static _ => 0), () => $"a look at {consistency}", _ => { })).IsDone;
    }

    /// <summary>Replaces the state of the cluster.</summary>
    public async Task<SimulationOutcome<object?>> RestoreAsync(byte[] state)
    {
        // Not disposed: the node reads it for longer than the client may wait.
        var stream = new MemoryStream(state, writable: false);
        SimulationOutcome<ApplyResult> outcome = await CallAsync(
            node => node.RestoreAsync(stream, state.Length, _placeWithin), () => $"restore {state.Length} bytes", _ => { });
        if (outcome.IsDone)
        {
            calls.Read();
            cluster.Servers[_server].Coverage.Hit(Happening.UserRestore);
            if (!cluster.Ledger.IsCommitted(outcome.Value.Index, outcome.Value.Term))
            {
                cluster.Ledger.Violated(
                    Rule.Outcomes,
                    $"{outcome.Server} says that a state is restored at ({outcome.Value.Index}, {outcome.Value.Term}), which is not committed");
            }
        }

        var answer = new SimulationOutcome<object?>(
            outcome.Kind, null, outcome.Value.Index, outcome.Value.Term, outcome.Server);
        Tell(answer);
        return answer;
    }

    /// <summary>Waits until the server has applied everything before.</summary>
    public async Task<bool> BarrierAsync() =>
        (await CallAsync(node => node.BarrierAsync(_patience), () => "a barrier", _ => { })).IsDone;

    /// <summary>Asks a server to prove that it leads.</summary>
    public async Task<bool> VerifyAsync() =>
        (await CallAsync(VerifyAsync, () => "a verification", _ => { })).IsDone;

    private Task<ApplyResult> Apply(RaftNode node, ReadOnlyMemory<byte> command)
    {
#pragma warning disable RS0030 // No channel stands behind this one: it completes where the node tells its callers.
        return node.ApplyAsync(command, _placeWithin).AsTask();
#pragma warning restore RS0030
    }

    private async Task<bool> VerifyAsync(RaftNode node)
    {
        NodeWatch watch = cluster.Servers[_server].Watch!;
        long since = cluster.Kernel.Steps;
        await node.VerifyLeaderAsync();
        watch.Reads(since);
        return true;
    }

    private ReadConsistency DrawLinearizable() => random.Chance(0.5) ? ReadConsistency.Lease : ReadConsistency.Linearizable;

    /// <summary>The entry that a read must show if it begins now, by what any server knows to be committed.</summary>
    private ulong Floor(ReadConsistency consistency) => consistency.Kind switch
    {
        ReadConsistency.Level.AtLeast => consistency.Index,

        // By the server's own clock, which may run slow.
        ReadConsistency.Level.BoundedStaleness => cluster.Ledger.CommitIndexAt(
            cluster.Kernel.Now - (consistency.Staleness * (1 + cluster.Config.ClockDriftMax))),
        _ => cluster.Ledger.CommitIndex,
    };

    private async Task<(T Value, ulong Index, ExceptionDispatchInfo? Thrown)> ReadAsync<T>(
        RaftNode node, ReadConsistency consistency, Func<IFsm, T> read)
    {
        SimServer server = cluster.Servers[_server];
        IFsm fsm = server.Fsm!;
        NodeWatch watch = server.Watch!;
        long since = cluster.Kernel.Steps;
        // Beside what clients see of each other: everything that any server knew to be committed when this was asked must be there.
        ulong floor = Floor(consistency);
        ulong recovered = cluster.Ledger.RecoveredIndex;
        bool isLeader = node.State == RaftState.Leader;
        ulong term = node.Term;
        await node.ReadIndexAsync(consistency);
        if (consistency == ReadConsistency.Linearizable && isLeader && node.State == RaftState.Leader && node.Term == term)
        {
            watch.Reads(since);
        }

        return await node.InspectAsync(applied =>
        {
            if (applied < floor && recovered == cluster.Ledger.RecoveredIndex)
            {
                cluster.Ledger.Violated(
                    Rule.ReadLevels, $"{server.Id} lets a client read at entry {applied}; {consistency} needs {floor}, which was committed before");
            }

            try
            {
                return (read(fsm), applied, (ExceptionDispatchInfo?)null);
            }
            catch (Exception thrown)
            {
                // The client's own fault, and no outcome of the node's.
                return (default(T)!, applied, ExceptionDispatchInfo.Capture(thrown));
            }
        });
    }

    private async Task<SimulationOutcome<T>> CallAsync<T>(
        Func<RaftNode, Task<T>> call, Func<string> what, Action<string> notDone, ulong? command = null)
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

        cluster.Kernel.Log?.Invoke(cluster.Kernel.Now, $"{name} > {server.Id}: {what()}");
        Task gone = server.Gone;
        Task<T> answer = call(node);
        calls.Add(answer, server.Process!, command, $"of {server.Id} at {cluster.Kernel.Now}");
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
                case NotLeaderException or EnqueueTimeoutException or RaftShutdownException
                    or LeadershipTransferInProgressException or EntryOvertakenException or UnsupportedProtocolException or RestoreOvertakenException:
                    FollowHint(node);
                    notDone($"{server.Id}: {failure.Message}");
                    return new SimulationOutcome<T>(SimulationOutcomeKind.NotDone, default, 0, 0, server.Id);
                case EntryTooLargeException:
                    ExceptionDispatchInfo.Throw(failure);
                    break;
                default:
                    calls.Unexpected(failure, server.Id);
                    break;
            }
        }

        server.Coverage.Hit(Happening.OutcomeUnknown);
        calls.Lost();
        return new SimulationOutcome<T>(SimulationOutcomeKind.Unknown, default, 0, 0, server.Id);
    }

    private void Tell<T>(SimulationOutcome<T> answer) => cluster.Kernel.Log?.Invoke(
        cluster.Kernel.Now,
        $"{name} < {answer.Server}: {answer.Kind}{(answer.IsDone ? $", {CommandText.Short(answer.Value?.ToString())}" : "")}"
        + (answer.Index > 0 ? $" (entry {answer.Index})" : string.Empty));

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
