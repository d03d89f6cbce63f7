using Raft.Simulation.Kernel;

namespace Raft.Simulation.Running;

/// <summary>Runs many seeds, on one thread or several, and adds up what they tell.</summary>
internal sealed class SeedRunner<TFsm>(Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, SimulationOptions options)
    where TFsm : class, IFsm
{
    private readonly Lock _gate = new();
    private readonly List<SeedResult> _failures = [];
    private int _seeds;
    private TimeSpan _simulated;
    private long _events;
    private long _elections;
    private long _acknowledged;
    private ulong _hash;
    private ulong _next;
    private bool _isExhausted;

    /// <summary>How many seeds of each profile were run, and how many of them had each happening.</summary>
    public IReadOnlyDictionary<SimulationProfile, ProfileCoverage> Seen { get; } =
        Enum.GetValues<SimulationProfile>().ToDictionary(p => p, _ => new ProfileCoverage());

    /// <summary>Runs the seeds.</summary>
    public async Task<SimulationReport> RunAsync(SeedRange seeds)
    {
        _next = seeds.First;
        await Task.WhenAll(Enumerable.Range(0, options.Threads).Select(_ => OnThread(() => Work(seeds.Last))));
        return new SimulationReport
        {
            Seeds = _seeds,
            Simulated = _simulated,
            Events = _events,
            Elections = _elections,
            Acknowledged = _acknowledged,
            TraceHash = _hash,
            Failures = _failures,
        };
    }

    /// <summary>Tells a human about a seed that failed.</summary>
    public string Describe(SeedResult failed) => FailureReport.Of(failed, newFsm, workload, options);

    /// <summary>Runs something on a thread of its own, where no context and no scheduler is current.</summary>
#pragma warning disable RS0030 // It leaves no simulation: it begins one.
    public static Task OnThread(Action run) => Task.Factory.StartNew(
        run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
#pragma warning restore RS0030

    private void Work(ulong last)
    {
        while (TryTake(last, out ulong seed))
        {
            SeedResult result = new SeedRun<TFsm>(seed, newFsm, workload, options).Run();
            lock (_gate)
            {
                Add(result);
            }

            options.Progress?.Invoke(result);
        }
    }

    private bool TryTake(ulong last, out ulong seed)
    {
        lock (_gate)
        {
            seed = _next;
            if (_isExhausted || _failures.Count >= options.FailuresMax)
            {
                return false;
            }

            _isExhausted = seed == last;
            _next++;
            return true;
        }
    }

    private void Add(SeedResult result)
    {
        _seeds++;
        _simulated += result.Simulated;
        _events += result.Events;
        _elections += result.Elections;
        _acknowledged += result.Acknowledged;
        _hash += Mix.Add(result.TraceHash, result.Seed);
        Seen[result.Profile].Add(result.Coverage);
        if (result.Failure is not null)
        {
            _failures.Add(result);
        }
    }
}
