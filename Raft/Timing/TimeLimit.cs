namespace Raft.Timing;

/// <summary>How long something may take by the injected clock; over at once when the node stops. Owned by who waits.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stop;

    /// <summary>Begins to count.</summary>
    /// <param name="time">How long.</param>
    /// <param name="clock">The node's clock.</param>
    /// <param name="stopping">Cancelled when nobody waits any more.</param>
    public TimeLimit(TimeSpan time, NodeClock clock, CancellationToken stopping)
    {
        _over = new CancellationTokenSource(time, clock.Provider);
        _stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _over);
    }

    /// <summary>Cancelled when it is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Ends it now, from any thread, also one that comes just behind the disposal.</summary>
    public void End()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _over.Dispose();
    }
}
