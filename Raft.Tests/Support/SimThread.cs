using System.Collections.Concurrent;
using System.Diagnostics;
using Raft.Simulation.Kernel;

namespace Raft.Tests.Support;

/// <summary>
/// A simulation's one thread, for tests that run on others: what they ask for is done there, and virtual time goes on as
/// real time does.
/// </summary>
internal sealed class SimThread : IDisposable
{
    private readonly BlockingCollection<Action> _asked = [];
    private readonly TaskCompletionSource<SimKernel> _kernel = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;

    public SimThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "simulation" };
        _thread.Start();
    }

    /// <summary>The kernel that runs there; to be used there only.</summary>
    public Task<SimKernel> KernelAsync() => _kernel.Task;

    /// <summary>How many bytes of snapshots receivers took so far; used there only.</summary>
    public long TakenBytes { get; set; }

    /// <summary>Has something done there.</summary>
    public void Post(Action action)
    {
        try
        {
            _asked.Add(action);
        }
        catch (InvalidOperationException)
        {
            // The test is over.
        }
    }

    /// <summary>Runs a task of a process there.</summary>
    /// <returns>Its outcome, for any thread.</returns>
    public Task<T> RunAsync<T>(SimProcess process, Func<ValueTask<T>> run)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => process.Start(async () =>
        {
            try
            {
                outcome.SetResult(await run());
            }
            catch (Exception failure)
            {
                outcome.SetException(failure);
            }
        }));
        return outcome.Task;
    }

    /// <summary>Runs a task of a process there.</summary>
    public Task RunAsync(SimProcess process, Func<ValueTask> run) => RunAsync(process, async () =>
    {
        await run();
        return true;
    });

    /// <summary>Ends it, and fails where work left that thread.</summary>
    public void Dispose()
    {
        _asked.CompleteAdding();
        _thread.Join();
        _asked.Dispose();
        if (_kernel.Task.Result.Failure is { } failure)
        {
            throw new InvalidOperationException(failure.ToString());
        }
    }

    // The kernel belongs to the thread that makes it.
    private void Run()
    {
        var kernel = new SimKernel(seed: 1, watchPool: false);
        _kernel.SetResult(kernel);
        var clock = Stopwatch.StartNew();
        while (!_asked.IsCompleted)
        {
            // As long as nobody asks for anything, time goes on by a millisecond at a time.
            for (bool isAny = _asked.TryTake(out Action? action, millisecondsTimeout: 1); isAny; isAny = _asked.TryTake(out action))
            {
                action!();
            }

            // Time goes on, also where nothing happens.
            TimeSpan until = clock.Elapsed;
            kernel.After(null, until - kernel.Now, static () => { });
            kernel.Run(until);
        }
    }
}
