using Raft.Mutations;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>
/// Clients increment counters by <see cref="Session"/>s, under a <see cref="RetryStorm"/>. A counter is incremented as
/// often as that was acknowledged, and beside that at most once for each request whose outcome its client does not know.
/// </summary>
/// <remarks>
/// A storm may ask for more than a slow cluster can do. So clients need not be answered before they are told to end; then the
/// storms end, and every request that is open comes to an outcome.
/// </remarks>
internal sealed class SessionWorkload : SimulationWorkload<SessionFsm>
{
    private const ulong Salt = 53;
    private const ulong BatchingPercent = 15;
    private const ulong ExpiringPercent = 40;
    private const ulong GivingUpPercent = 30;

    private readonly Mutation _mutation;
    private readonly bool _isBatching;
    private readonly bool _isExpiring;
    private readonly bool _isGivingUp;
    private readonly SortedDictionary<int, Tally> _tallies = [];

    /// <summary>The workload, from which each run gets one of its own.</summary>
    /// <param name="bug">The bug that is planted; null for none.</param>
    public SessionWorkload(PlantedBug? bug = null) => _mutation = bug?.Node ?? Mutation.None;

    private SessionWorkload(Mutation mutation, ulong seed)
    {
        _mutation = mutation;
        ulong drawn = Mix.Add(Salt, seed);
        _isBatching = drawn % 100 < BatchingPercent;
        _isExpiring = (drawn >> 16) % 100 < ExpiringPercent;
        _isGivingUp = (drawn >> 32) % 100 < GivingUpPercent;
    }

    /// <summary>A state machine without a bug.</summary>
    public static SessionFsm NewFsm() => SessionFsm.Around(new CounterFsm(), SessionFsm.Bytes);

    public override SimulationWorkload<SessionFsm> ForRun(SimulationRun run) => new SessionWorkload(_mutation, run.Seed);

    internal override SessionFsm MakeFsm() =>
        SessionFsm.Around(_isBatching ? new BatchingCounterFsm() : new CounterFsm(), SessionFsm.Bytes, _mutation);

    /// <summary>With a bug planted in the sessions the digest leaves them out: the counts alone must show it.</summary>
    public override ulong Digest(SessionFsm fsm)
    {
        var digest = new StateDigest();
        foreach ((int client, long count) in Counters(fsm).Counts)
        {
            digest.Add(client).Add(count);
        }

        if (_mutation == Mutation.None)
        {
            digest.Add(fsm.Sessions.ForgottenIndex).Add(fsm.Sessions.LastIndex);
            foreach (SessionEntry session in fsm.Sessions.Entries)
            {
                digest.Add(session.Client).Add(session.Number).Add(session.Index).Add(session.Result.Span);
            }
        }

        return digest.Value;
    }

    public override void CheckState(SessionFsm fsm)
    {
        foreach ((int client, long count) in Counters(fsm).Counts)
        {
            Require(count <= _tallies[client].Begun, client, $"is at {count}", _tallies[client]);
        }
    }

    public override void CheckEnd(IReadOnlyList<SimulationReplica<SessionFsm>> replicas)
    {
        foreach ((ServerId server, SessionFsm fsm) in replicas)
        {
            foreach ((int client, Tally tally) in _tallies)
            {
                long count = Counters(fsm).Of(client);
                Require(
                    count >= tally.Acknowledged && count <= tally.Acknowledged + tally.Lost, client, $"ends at {count} on {server}", tally);
            }
        }
    }

    public override async Task RunClientAsync(SimulationClient<SessionFsm> client)
    {
        var tally = new Tally();
        _tallies.Add(client.Number, tally);
        var storm = new RetryStorm(client);
        Session session = Open(client, storm, opened: 0);
        for (int opened = 1; !client.IsStopping;)
        {
            await IncrementAsync(client, session, tally);
            switch (client.Random.Next(30))
            {
                case 0:
                    session = Open(client, storm, opened++);
                    break;
                case < 4 when _isExpiring:
                    await client.ApplyAsync(SessionEnvelope.Expire(client.Random.Next(5)));
                    break;
                case < 9:
                    await ReadAsync(client, tally);
                    break;
            }

            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(client.Random.Next(2) == 0 ? 20 : 500)));
        }
    }

    private static CounterFsm Counters(SessionFsm fsm) => (CounterFsm)fsm.Inner;

    private static Session Open(SimulationClient<SessionFsm> client, RetryStorm storm, int opened) => new(
        storm.SendAsync,
        new SessionOptions
        {
            Client = $"client {client.Number}, session {opened}",
            AttemptTimeout = TimeSpan.FromMilliseconds(client.Random.Next(200, 4000)),
            RetryDelay = TimeSpan.FromMilliseconds(client.Random.Next(1, 20)),
            RetryDelayMax = TimeSpan.FromMilliseconds(client.Random.Next(100, 400)),
            Seed = client.Random.Next(),
            TimeProvider = client.TimeProvider,
        });

    private static void Require(bool holds, int client, string how, Tally tally)
    {
        if (!holds)
        {
            throw new SimulationViolationException(
                $"the counter of client {client} {how}, and {tally.Acknowledged} increments were acknowledged, {tally.Begun} begun; of "
                + $"{tally.Lost} the outcome stays unknown");
        }
    }

    private static async Task ReadAsync(SimulationClient<SessionFsm> client, Tally tally)
    {
        long before = tally.Acknowledged;
        SimulationOutcome<long> count = await client.ReadAsync(fsm => Counters(fsm).Of(client.Number));
        Require(
            !count.IsDone || (count.Value >= before && count.Value <= tally.Begun), client.Number, $"was read as {count.Value}", tally);
    }

    private async Task IncrementAsync(SimulationClient<SessionFsm> client, Session session, Tally tally)
    {
        tally.Begun++;
        Task<SessionAnswer> under = session.ApplyAsync(CounterFsm.Increment(client.Number), Patience(client));
        while (true)
        {
            try
            {
                long count = CounterFsm.CountOf((await under).Result);
                tally.Acknowledged++;
                Require(
                    count >= tally.Acknowledged && count <= tally.Acknowledged + tally.Lost, client.Number, $"was answered as {count}", tally);
                return;
            }
            catch (SessionNotDoneException)
            {
                tally.Begun--;
                return;
            }
            catch (SessionOutcomeUnknownException)
            {
                if (!session.IsUnresolved || (_isGivingUp && client.Random.Next(3) == 0))
                {
                    tally.Lost++;
                    return;
                }

                under = session.ResolveAsync(Patience(client));
            }
        }
    }

    private static TimeSpan Patience(SimulationClient<SessionFsm> client) =>
        TimeSpan.FromMilliseconds(client.Random.Next(100, 6000));

    /// <summary>What one client knows of its increments.</summary>
    private sealed class Tally
    {
        /// <summary>Those that were sent, but for those that are known never to be applied.</summary>
        public long Begun { get; set; }

        public long Acknowledged { get; set; }

        /// <summary>Those of which it will never be known.</summary>
        public long Lost { get; set; }
    }
}
