using Raft.Simulation;
using Raft.Simulation.Linearizability;

namespace Raftchaos.Clients;

/// <summary>
/// Checks a workload's history while it grows: of each epoch that is over every key is read once more, then its operations must be
/// linearizable. At the end of the run every key must still have that value, or one whose write has no known outcome.
/// </summary>
internal sealed class HistoryCheck(Workload workload)
{
    private const int ReadersAtOnce = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, long[]> _possible = [];
    private readonly List<string> _faults = [];

    /// <summary>What contradicts the promise, for a human; empty where nothing does.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>How many operations were checked.</summary>
    public long Checked { get; private set; }

    /// <summary>How many keys are read again at the end.</summary>
    public int Keys => _possible.Count;

    /// <summary>Checks until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await CheckAsync(all: false, stop);
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Checks what is left, once no client calls any more.</summary>
    public Task FinishAsync() => CheckAsync(all: true, CancellationToken.None);

    /// <summary>Reads every key again. For when the faults are over.</summary>
    /// <returns>How many do not have the value that they must have: acknowledged writes that were lost.</returns>
    public async Task<int> ReadAllAgainAsync()
    {
        int lost = 0;
        await Parallel.ForEachAsync(_possible, new ParallelOptions { MaxDegreeOfParallelism = ReadersAtOnce }, async (key, stop) =>
        {
            long? value = await workload.ReadAsync(key.Key, epoch: null, stop);
            if (value is { } read && !key.Value.Contains(read))
            {
                Interlocked.Increment(ref lost);
                lock (_faults)
                {
                    _faults.Add($"key \"{key.Key}\" has the value {read} at the end; possible are {string.Join(", ", key.Value)}");
                }
            }
        });
        return lost;
    }

    private async Task CheckAsync(bool all, CancellationToken stop)
    {
        foreach (Epoch epoch in workload.Over(all))
        {
            while (all && !epoch.TryClose())
            {
                await Task.Delay(Pause, CancellationToken.None);
            }

            if (epoch.TryClose() && !stop.IsCancellationRequested && await ReadKeysAsync(epoch, stop))
            {
                Check(epoch);
                workload.Forget(epoch);
            }
        }
    }

    /// <returns>False where it was told to stop before all were read.</returns>
    private async Task<bool> ReadKeysAsync(Epoch epoch, CancellationToken stop)
    {
        string[] keys = [.. epoch.Operations.Select(o => o.Key).Distinct()];
        long?[] values = await Task.WhenAll(keys.Select(key => workload.ReadAsync(key, epoch, stop)));
        if (Array.Exists(values, v => v is null))
        {
            return false;
        }

        var open = epoch.Operations
            .Where(o => o.Outcome == OperationOutcome.Unknown && o.Call.Kind != RegisterCallKind.Get)
            .ToLookup(o => o.Key, o => o.Call.Value);
        for (int i = 0; i < keys.Length; i++)
        {
            // A write without a known outcome may still come, in front of the read or behind it.
            _possible[keys[i]] = [values[i]!.Value, .. open[keys[i]]];
        }

        return true;
    }

    private void Check(Epoch epoch)
    {
        IReadOnlyList<RegisterOperation> operations = epoch.Operations;
        LinearizabilityResult result = LinearizabilityChecker.Check(operations, new RegisterSpecification());
        Checked += operations.Count;
        if (result.Verdict != LinearizabilityVerdict.Ok)
        {
            _faults.Add($"epoch {epoch.Number}: {result}");
        }
    }
}
