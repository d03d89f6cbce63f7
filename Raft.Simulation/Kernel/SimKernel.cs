namespace Raft.Simulation.Kernel;

/// <summary>
/// One thread, one list of what can happen now, one seeded choice among it, one virtual time. Everything in a run, of
/// every process, the network and the disks, is a step of this kernel.
/// </summary>
internal sealed class SimKernel
{
    /// <summary>Each step takes up to 2 µs of virtual time, so that timers race with work.</summary>
    private const int StepTicksMax = 20;

    private readonly List<ReadyStep> _ready = new(256);
    private readonly PriorityQueue<Scheduled, UInt128> _events = new(256);
    private readonly EscapeDetector _escapes;
    private ulong _scheduled;
    private int _processes;

    public SimKernel(ulong seed, bool watchPool)
    {
        Random = new SimRandom(seed);
        _escapes = new EscapeDetector(watchPool);
    }

    /// <summary>Chance.</summary>
    public SimRandom Random { get; }

    /// <summary>Virtual time since the start, in ticks of 100 ns.</summary>
    public long NowTicks { get; private set; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(NowTicks);

    /// <summary>How many steps were taken.</summary>
    public long Steps { get; private set; }

    /// <summary>The hash over every choice, time and noted happening so far.</summary>
    public ulong TraceHash { get; private set; } = 1;

    /// <summary>Why the run ends early; null while it goes on.</summary>
    public RunFailure? Failure { get; private set; }

    /// <summary>Work that left the simulation.</summary>
    public EscapeDetector Escapes => _escapes;

    /// <summary>Gets every line of the trace, where a human wants it.</summary>
    public Action<TimeSpan, string>? Log { get; set; }

    /// <summary>Makes a process.</summary>
    public SimProcess NewProcess(string name, MachineClock clock) => new(this, ++_processes, name, clock);

    /// <summary>Ends the run. The first reason counts.</summary>
    public void Fail(RunFailure why)
    {
        Failure ??= why;
        Log?.Invoke(Now, $"FAILED {why}");
    }

    /// <summary>Notes a happening in the trace's hash.</summary>
    public void Note(ulong value) => TraceHash = Mix.Add(TraceHash, value);

    /// <summary>Lets an event happen after a time.</summary>
    public void Schedule(SimEvent what, long afterTicks)
    {
        if (!_escapes.IsHome())
        {
            return;
        }

        long due = NowTicks + Math.Max(0, afterTicks);

        // Events of one instant happen in no particular order.
        ulong tie = ((ulong)(uint)Random.Next(int.MaxValue) << 32) | (uint)_scheduled++;
        _events.Enqueue(new Scheduled(what, what.Version), new UInt128((ulong)due, tie));
    }

    /// <summary>Lets something happen after a time.</summary>
    /// <param name="process">Whose step it is; null for the world's, which nothing pauses.</param>
    /// <param name="after">The time.</param>
    /// <param name="action">What happens.</param>
    public void After(SimProcess? process, TimeSpan after, Action action) =>
        Schedule(new SimAction(action) { Process = process }, after.Ticks);

    /// <summary>Takes steps until a time has come, something failed, or a condition holds.</summary>
    public void Run(TimeSpan until, Func<bool>? isDone = null)
    {
        while (Failure is null && !_escapes.IsNoticed && NowTicks < until.Ticks && (isDone is null || !isDone()))
        {
            if (!Step(until.Ticks))
            {
                break;
            }
        }

        if (_escapes.Count > 0 && Failure?.Kind != FailureKind.Escape)
        {
            // Whatever else went wrong may come of it.
            Failure = null;
            Fail(new RunFailure(FailureKind.Escape, "nothing leaves the simulation", _escapes.Describe()));
        }
    }

    internal void Enqueue(SimProcess process, Task task)
    {
        if (_escapes.IsHome(task) && !process.IsDead)
        {
            _ready.Add(new ReadyStep(process, task, null, 0));
        }
    }

    internal void Release(List<ReadyStep> held) => _ready.AddRange(held);

    private bool Step(long untilTicks)
    {
        TakeDue();
        if (_ready.Count == 0)
        {
            if (!_events.TryPeek(out _, out UInt128 next))
            {
                return false;
            }

            NowTicks = Math.Min((long)(ulong)(next >> 64), untilTicks);
            return true;
        }

        int at = _ready.Count == 1 ? 0 : Random.Next(_ready.Count);
        ReadyStep step = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (step.Process is { } process)
        {
            if (process.IsDead)
            {
                return true;
            }

            if (process.IsPaused)
            {
                process.Held.Add(step);
                return true;
            }
        }

        if (step.Event is { } happening && happening.Version != step.Version)
        {
            return true;
        }

        Steps++;
        Note(((ulong)NowTicks << 16) ^ ((ulong)(uint)(step.Process?.Id ?? 0) << 8) ^ (uint)at);
        NowTicks += Random.Next(StepTicksMax + 1);
        if (step.Task is { } task)
        {
            step.Process!.Scheduler.Execute(task);
        }
        else
        {
            step.Event!.Run();
        }

        return true;
    }

    private void TakeDue()
    {
        while (_events.TryPeek(out Scheduled next, out UInt128 key) && (long)(ulong)(key >> 64) <= NowTicks)
        {
            _events.Dequeue();
            if (next.Event.Version == next.Version && next.Event.Process is not { IsDead: true })
            {
                _ready.Add(new ReadyStep(next.Event.Process, null, next.Event, next.Version));
            }
        }
    }

    private readonly record struct Scheduled(SimEvent Event, int Version);
}
