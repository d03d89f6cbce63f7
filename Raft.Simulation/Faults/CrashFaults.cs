using Raft.Simulation.Cluster;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Faults;

/// <summary>Kills processes and cuts power, at any time or right at a write, and starts servers again.</summary>
internal sealed class CrashFaults
{
    /// <summary>The share of restarts that are followed by a second crash soon after, of either kind.</summary>
    private const double AgainShare = 0.3;

    private readonly SimCluster _cluster;
    private readonly SimKernel _kernel;
    private readonly FaultPlan _plan;
    private bool _isOver;

    public CrashFaults(SimCluster cluster, FaultPlan plan)
    {
        _cluster = cluster;
        _kernel = cluster.Kernel;
        _plan = plan;
        foreach (SimServer server in cluster.Servers)
        {
            server.OnExit = StartLater;
        }
    }

    /// <summary>No more crashes; whoever is down starts at once.</summary>
    public void Stop()
    {
        _isOver = true;
        foreach (SimServer server in _cluster.Servers)
        {
            server.Disk.CrashAtNextChange = null;
        }
    }

    /// <summary>Crashes one server, now or at its disk's next change.</summary>
    public void CrashOne(SimServer server)
    {
        bool isPowerCut = _kernel.Random.Chance(_plan.PowerCutShare);
        if (_kernel.Random.Chance(_plan.CrashAtWriteShare))
        {
            server.Disk.CrashAtNextChange = () => Crash(server, isPowerCut);
        }
        else
        {
            Crash(server, isPowerCut);
        }
    }

    /// <summary>Cuts the power of all servers at once.</summary>
    public void CutPowerOfAll()
    {
        _kernel.Log?.Invoke(_kernel.Now, "all lose power");
        foreach (SimServer server in _cluster.Servers)
        {
            server.Coverage.Hit(Happening.PowerCutOfAll);
            Crash(server, isPowerCut: true);
        }
    }

    /// <summary>Asks a server to end, as for a restart by hand.</summary>
    public static void AskToEnd(SimServer server)
    {
        server.Coverage.Hit(Happening.Stop);
        server.Stop();
    }

    private void Crash(SimServer server, bool isPowerCut)
    {
        if (server.Condition is not (ServerCondition.Down or ServerCondition.Refused))
        {
            server.Crash(isPowerCut);
            StartLater(server);
        }
    }

    private void StartLater(SimServer server)
    {
        TimeSpan down = _isOver
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.005, _plan.DownMax.TotalSeconds));
        _kernel.After(null, down, () =>
        {
            if (server.Condition != ServerCondition.Down)
            {
                return;
            }

            server.Start();
            if (!_isOver && _kernel.Random.Chance(AgainShare))
            {
                bool isPowerCut = _kernel.Random.Chance(0.5);
                TimeSpan soon = TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.0005, 0.5));
                _kernel.After(null, soon, () =>
                {
                    if (!_isOver)
                    {
                        Crash(server, isPowerCut);
                    }
                });
            }
        });
    }
}
