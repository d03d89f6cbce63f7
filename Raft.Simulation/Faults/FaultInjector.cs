using Raft.Simulation.Cluster;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Faults;

/// <summary>Does to a cluster what its plan says, until it is stopped; then it undoes what lasts.</summary>
internal sealed class FaultInjector
{
    private const double LeftDownShare = 0.25;

    private static readonly FaultKind[] Strikes =
        [FaultKind.Crash, FaultKind.Crash, FaultKind.Partition, FaultKind.Pause, FaultKind.BreakConnections];

    private readonly SimCluster _cluster;
    private readonly SimKernel _kernel;
    private readonly FaultPlan _plan;
    private readonly PartitionFaults _partitions;
    private readonly CrashFaults _crashes;
    private readonly DiskFaultsInjector _disks;
    private bool _isOver;

    public FaultInjector(SimCluster cluster, FaultPlan plan)
    {
        _cluster = cluster;
        _kernel = cluster.Kernel;
        _plan = plan;
        _partitions = new PartitionFaults(cluster, plan);
        _crashes = new CrashFaults(cluster, plan);
        _disks = new DiskFaultsInjector(cluster);
        cluster.Network.OnSnapshotSent = OnSnapshotSent;
    }

    /// <summary>Begins.</summary>
    public void Start()
    {
        foreach ((FaultKind kind, TimeSpan mean) in _plan.Kinds)
        {
            Next(kind, mean);
        }
    }

    /// <summary>How fast a clock may run, so that no two are further apart than the nodes' settings say.</summary>
    private double RateMax => Math.Sqrt(1 + _cluster.Config.ClockDriftMax);

    /// <summary>Ends all faults: links are mended, processes go on, clocks run true, servers that are down start.</summary>
    public void Stop()
    {
        _isOver = true;
        _partitions.HealAll();
        _crashes.Stop();
        LeaveOneDown();
        foreach (SimServer server in _cluster.Servers)
        {
            server.Disk.Faults.Clear();
            server.Disk.EndStall();
            server.Disk.Conditions = server.Disk.Conditions.WithoutFaults();
            server.Clock.SetRate(1);
            if (server.Process is { IsPaused: true } process)
            {
                process.Resume();
            }

            if (server.Condition == ServerCondition.Down && !server.IsLeftDown)
            {
                server.Start();
            }
        }
    }

    /// <summary>In some runs a voter stays dead for good: a majority does without it.</summary>
    private void LeaveOneDown()
    {
        // A change that is still on its way may take two voters more.
        SimServer[] voters = [.. _cluster.Servers.Where(s => _cluster.Configuration.IsVoter(s.Id) && !SimCluster.IsLost(s))];
        bool mayBe = voters.Length >= (_cluster.Plan.Administrators > 0 ? 5 : 1) && _kernel.Random.Chance(LeftDownShare);
        if (mayBe && _kernel.Random.Pick(voters) is { } server && _cluster.MayLose(server))
        {
            server.Coverage.Hit(Happening.LeftDown);
            server.IsLeftDown = true;
            server.Crash(isPowerCut: _kernel.Random.Chance(0.5));
        }
    }

    /// <summary>Hits the sender or the receiver of a snapshot while it is under way.</summary>
    private void OnSnapshotSent(SimSnapshotCall call)
    {
        if (_isOver || !_kernel.Random.Chance(_plan.InstallFaultShare))
        {
            return;
        }

        TimeSpan soon = _cluster.Plan.Network.PieceTimeMax * _kernel.Random.LogBetween(0.1, 20);
        _kernel.After(null, soon, () =>
        {
            if (!_isOver && call.IsUnderWay)
            {
                Strike(_cluster.Servers[_kernel.Random.Chance(0.5) ? call.From : call.To]);
            }
        });
    }

    /// <summary>Hits a server in the middle of something.</summary>
    public void Strike(SimServer server)
    {
        if (!_isOver)
        {
            FaultKind kind = _kernel.Random.Pick(Strikes);
            Inject(kind, server);
        }
    }

    private void Next(FaultKind kind, TimeSpan mean) =>
        _kernel.After(null, -mean * Math.Log(1 - _kernel.Random.NextFraction()), () =>
        {
            if (!_isOver)
            {
                SimServer server = _cluster.PickServer(_plan.LeaderBias);
                Inject(kind, server);
                if (_kernel.Random.Chance(_plan.BurstShare))
                {
                    Inject(_kernel.Random.Pick(_plan.Kinds).Kind, server);
                }

                Next(kind, mean);
            }
        });

    private void Inject(FaultKind kind, SimServer server)
    {
        switch (kind)
        {
            case FaultKind.Crash:
                _crashes.CrashOne(server);
                break;
            case FaultKind.PowerCutOfAll:
                _crashes.CutPowerOfAll();
                break;
            case FaultKind.Stop:
                CrashFaults.AskToEnd(server);
                break;
            case FaultKind.Pause:
                Pause(server);
                break;
            case FaultKind.Partition:
                _partitions.Begin(server);
                break;
            case FaultKind.SlowLink:
                _partitions.SlowDown(server);
                break;
            case FaultKind.BreakConnections:
                BreakConnections(server);
                break;
            case FaultKind.ClockRate:
                server.Coverage.Hit(Happening.ClockRate);
                server.Clock.SetRate(_kernel.Random.LogBetween(1 / RateMax, RateMax));
                break;
            case FaultKind.ClockJump:
                server.Coverage.Hit(Happening.ClockJump);
                server.Clock.UtcOffset = _kernel.Random.Between(TimeSpan.FromHours(-1), TimeSpan.FromHours(1));
                break;
            case FaultKind.LaggingLeader:
                Lag(_cluster.Leader ?? server);
                break;
            default:
                _disks.Inject(kind, server);
                break;
        }
    }

    private void Pause(SimServer server)
    {
        if (server.Process is not { IsDead: false, IsPaused: false } process)
        {
            return;
        }

        server.Coverage.Hit(Happening.Pause);
        TimeSpan time = TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.005, _plan.LastsMax.TotalSeconds));
        _kernel.Log?.Invoke(_kernel.Now, $"{server.Id} stands still for {time}");
        process.Pause();
        _kernel.After(null, time, () =>
        {
            if (process is { IsDead: false, IsPaused: true })
            {
                _kernel.Log?.Invoke(_kernel.Now, $"{server.Id} goes on");
                process.Resume();
            }
        });
    }

    /// <summary>Answers reach a leader late, its clock runs slow and all others fast: its lease outlives its leadership.</summary>
    private void Lag(SimServer leader)
    {
        leader.Coverage.Hit(Happening.LaggingLeader);
        foreach (SimServer server in _cluster.Servers)
        {
            server.Clock.SetRate(server == leader ? 1 / RateMax : RateMax);
        }

        _partitions.SlowDownTowards(leader, _cluster.Config.HeartbeatTimeout * _kernel.Random.LogBetween(0.2, 2));
    }

    private void BreakConnections(SimServer server)
    {
        if (server.Transport is { } transport)
        {
            server.Coverage.Hit(Happening.ConnectionBroken);
            transport.BreakOutbound(_kernel.Random.Chance(0.5) ? _kernel.Random.Next(_cluster.Servers.Count) : null);
        }
    }
}
