using Raft.Simulation.Administration;
using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Running;

/// <summary>
/// One seed from beginning to end: a cluster under faults and a workload; then without faults, when it must recover;
/// then stopped, when nothing may be left.
/// </summary>
internal sealed class SeedRun<TFsm>
    where TFsm : class, IFsm
{
    private const ulong ProfileCount = 6;

    private const ulong RestoreSalt = 91;
    private const ulong RestorePercent = 60;

    /// <summary>Safety, clocks and disk, among which scenarios without a profile of their own take turns.</summary>
    private const ulong FaultProfileCount = 3;

    private readonly SimulationOptions _options;
    private readonly SimulationProfile _profile;
    private readonly ulong _seed;
    private readonly SimKernel _kernel;
    private readonly SimCluster _cluster;
    private readonly ClusterPlan _plan;
    private readonly FaultPlan _faults;
    private readonly SimulationWorkload<TFsm> _workload;
    private readonly WorkloadRules<TFsm> _rules;
    private readonly CallRegister _calls;
    private readonly SimProcess _clientProcess;
    private readonly List<ClientPort> _ports = [];
    private readonly List<Task> _clients = [];
    private ClusterOffice? _office;

    public SeedRun(ulong seed, Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, SimulationOptions options)
    {
        _seed = seed;
        _options = options;
        _profile = options.Profile ?? options.Scenario?.Profile
            ?? (SimulationProfile)(seed % (options.Scenario is null ? ProfileCount : FaultProfileCount));
        _kernel = new SimKernel(seed, options.WatchPool) { Log = options.Trace };
        SimRandom draws = _kernel.Random.Fork();
        _plan = ClusterPlan.Draw(draws, options, _profile);
        _faults = FaultPlan.Draw(draws, _profile);
        if (options.Scenario is { } scenario)
        {
            _plan = scenario.Shape(_plan, draws);
            _faults = scenario.Shape(_faults, draws);
        }

        _clientProcess = _kernel.NewProcess("clients", new MachineClock(_kernel));
        _workload = workload.ForRun(new SimulationRun(seed, _clientProcess.Time));
        _rules = new WorkloadRules<TFsm>(_kernel, newFsm, _workload, options.Notes);
        _cluster = new SimCluster(_kernel, _plan, _rules.NewFsm, _rules.Look, options);
        _rules.Cluster = _cluster;
        options.Scenario?.Prepare(_cluster);
        _calls = new CallRegister(_cluster.Ledger);
    }

    /// <summary>Runs it.</summary>
    public SeedResult Run()
    {
        _kernel.Escapes.Enter();
        try
        {
            Rage();
            Recover();
            End();
        }
        catch (Exception failure)
        {
            // Where something failed before, that is what is told.
            _kernel.Fail(new RunFailure(FailureKind.Violation, "the simulation runs", failure.ToString()));
        }
        finally
        {
            EscapeDetector.Leave();
        }

        return new SeedResult
        {
            Seed = _seed,
            Profile = _profile,
            FailureKind = _kernel.Failure?.Kind,
            BrokenRule = _kernel.Failure?.Rule,
            Failure = _kernel.Failure?.How,
            Simulated = _kernel.Now,
            Events = _kernel.Steps,
            Elections = _cluster.Ledger.Elections,
            Acknowledged = _calls.Acknowledged,
            TraceHash = _kernel.TraceHash,
            Escapes = _kernel.Escapes.Count,
            Escape = _kernel.Escapes.Best,
            Drawn = $"{_plan}\n{_faults}",
            Servers = _kernel.Failure is null ? string.Empty : _cluster.Describe(),
            Coverage = _cluster.Coverage(),
        };
    }

    /// <summary>Safety: faults and clients.</summary>
    private void Rage()
    {
        var injector = new FaultInjector(_cluster, _faults);
        _cluster.Start();
        for (int number = 0; number < _plan.Clients; number++)
        {
            var port = new ClientPort(_cluster, _clientProcess, _calls, _kernel.Random.Fork(), $"client {number}")
            {
                RestoreShare = RestoreShare(),
            };
            var client = new SimulationClient<TFsm>(port, number, _rules.WatchRead);
            _ports.Add(port);
            _clients.Add(_clientProcess.Start(() => RunClientAsync(client)));
        }

        _office = new ClusterOffice(_cluster, _clientProcess, _calls, _faults, injector);
        injector.Start();
        _kernel.Run(_options.Duration);
        _office.Port.Stop();
        _cluster.AreFaultsOn = false;
        injector.Stop();
        _cluster.Network.Conditions = _cluster.Network.Conditions.WithoutFaults();
        _kernel.Log?.Invoke(_kernel.Now, "the faults stop");
    }

    /// <summary>Liveness: a leader, writes that commit, the same everywhere.</summary>
    private void Recover()
    {
        var liveness = new LivenessPhase(_cluster, _clientProcess, _calls);
        liveness.AwaitLeader();
        liveness.AwaitCommands(_workload.CommandsAfterFaults);
        foreach (ClientPort port in _ports)
        {
            port.IsStopping = true;
        }

        liveness.Write();
        liveness.AwaitClients(_clients);
        liveness.AwaitOffice(_office!);
        liveness.AwaitSame();
        if (_kernel.Failure is null)
        {
            _rules.CheckEnd();
        }
    }

    /// <summary>Nothing is left.</summary>
    private void End()
    {
        if (_kernel.Failure is null)
        {
            new ShutdownPhase(_cluster, _calls).Run();
            _office!.Port.CheckAll();
        }
    }

    /// <summary>In many runs with snapshots clients replace the state, now and then. Drawn apart, so that all else stays as it was.</summary>
    private double RestoreShare()
    {
        ulong drawn = Mix.Add(RestoreSalt, _seed);
        return _profile == SimulationProfile.Snapshots && drawn % 100 < RestorePercent
            ? Math.Pow(10, -3 + ((drawn >> 32) % 1000 / 500.0)) : 0;
    }

    private async Task RunClientAsync(SimulationClient<TFsm> client)
    {
        try
        {
            await _workload.RunClientAsync(client);
        }
        catch (Exception failure)
        {
            // On another thread nothing here is touched; it was noted, and fails the run.
            if (_kernel.Escapes.IsHome())
            {
                _rules.Fail(failure, $"client {client.Number}");
            }
        }
    }
}
