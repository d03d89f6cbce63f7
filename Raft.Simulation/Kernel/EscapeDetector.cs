namespace Raft.Simulation.Kernel;

/// <summary>
/// Notices work that left the simulation's one thread: what another thread takes up, brings back or asks for and, where
/// the process does nothing else, any work of the pool. Such a run is not the same twice, so it counts as failed.
/// </summary>
/// <param name="watchPool">Whether the process does nothing else meanwhile.</param>
internal sealed class EscapeDetector(bool watchPool)
{
    /// <summary>How long to wait, in real time, for a sighting that names the culprit after one that does not.</summary>
    private static readonly TimeSpan NameWithin = TimeSpan.FromMilliseconds(200);

    // Flows along with all that a run starts, wherever that goes on: a thread that takes it up says so here.
    private static readonly AsyncLocal<EscapeDetector?> Run = new(OnFlow);

    private readonly int _owner = Environment.CurrentManagedThreadId;
    private readonly long _poolItems = PoolItems;
    private readonly Lock _gate = new(); // Sightings come from any thread.
    private Sighting? _best;
    private int _count;

    /// <summary>How many were noticed.</summary>
    public int Count => Volatile.Read(ref _count) + (watchPool ? (int)(PoolItems - _poolItems) : 0);

    /// <summary>Whether one was noticed, not counting the pool's; cheap enough for every step.</summary>
    public bool IsNoticed => Volatile.Read(ref _count) > 0;

    /// <summary>What tells most about where the work came from.</summary>
    public Sighting? Best => Volatile.Read(ref _best);

    /// <summary>What this thread starts from now on is of the run.</summary>
    public void Enter() => Run.Value = this;

    /// <summary>What this thread starts from now on is of no run.</summary>
    public static void Leave() => Run.Value = null;

    /// <summary>A task was started outside the simulation, by the code that runs now: see <see cref="TaskStartListener"/>.</summary>
    public static void Started()
    {
        if (Run.Value is { } run && Environment.CurrentManagedThreadId == run._owner)
        {
            run.Note(new Sighting(SightingKind.Started, null, Environment.StackTrace));
        }
    }

    /// <summary>Whether the caller is on the simulation's thread; notes it where it is not.</summary>
    /// <param name="continuation">The task that is to go on in the simulation, where that is what the caller wants.</param>
    public bool IsHome(Task? continuation = null)
    {
        if (Environment.CurrentManagedThreadId == _owner)
        {
            return true;
        }

        Note(new Sighting(
            continuation is null ? SightingKind.Called : SightingKind.CameBack, Sighting.MethodOf(continuation),
            Environment.StackTrace));
        return false;
    }

    /// <summary>The caller runs outside the simulation, on whatever thread, and calls it.</summary>
    public void NoteCall() => Note(new Sighting(SightingKind.Called, null, Environment.StackTrace));

    /// <summary>Waits in real time for one to be noticed.</summary>
    public void Await(TimeSpan within) => SpinWait.SpinUntil(() => IsNoticed, within);

    /// <summary>Tells about it, once it was noticed.</summary>
    public string Describe()
    {
        // The thread that took up work may be about to show whose it is.
        SpinWait.SpinUntil(() => Best is null or { Kind: > SightingKind.TakenUp }, NameWithin);
        return Best?.ToString() ?? $"{Count} pieces of work ran on the thread pool.";
    }

    private static void OnFlow(AsyncLocalValueChangedArgs<EscapeDetector?> change)
    {
        if (change is { ThreadContextChanged: true, CurrentValue: { } run }
            && Environment.CurrentManagedThreadId != run._owner)
        {
            run.Note(new Sighting(SightingKind.TakenUp, null, Environment.StackTrace));
        }
    }

    private void Note(Sighting seen)
    {
        lock (_gate)
        {
            if (_best is null || seen.Kind > _best.Kind)
            {
                Volatile.Write(ref _best, seen);
            }
        }

        Interlocked.Increment(ref _count);
    }

#pragma warning disable RS0030 // Watched, not used.
    private static long PoolItems => ThreadPool.CompletedWorkItemCount;
#pragma warning restore RS0030
}
