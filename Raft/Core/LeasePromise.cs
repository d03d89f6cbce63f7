namespace Raft.Core;

/// <summary>
/// What this server has promised its leader: to elect nobody else for a time. It is given on the transport's tasks, by the
/// <see cref="HeartbeatGate"/> while that is open, and kept by the loop, which closes the gate first and then looks: so no promise is
/// given behind a vote's back.
/// </summary>
/// <param name="most">The longest promise that may be given at first: what is durable, so that a restart keeps to it.</param>
/// <param name="withheldUntil">Until when one that was given before the start may last.</param>
internal sealed class LeasePromise(TimeSpan most, TimeSpan withheldUntil)
{
    // Held for a few field changes, for each heartbeat that asks for a promise.
    private readonly Lock _gate = new();
    private TimeSpan _most = most;
    private TimeSpan _until = withheldUntil;
    private ulong _term;

    /// <summary>The longest promise that may be given: what is durable.</summary>
    public TimeSpan Most
    {
        get
        {
            lock (_gate)
            {
                return _most;
            }
        }
    }

    /// <summary>Does something while no promise can be given.</summary>
    public void Hold(Action change)
    {
        lock (_gate)
        {
            change();
        }
    }

    /// <summary>Gives a promise.</summary>
    /// <param name="term">The term of the leader that asks.</param>
    /// <param name="wanted">For how long.</param>
    /// <param name="now">The time.</param>
    /// <param name="isOpen">Whether one may be given; called where the loop cannot change it.</param>
    /// <returns>False where the loop must decide.</returns>
    public bool TryGive(ulong term, TimeSpan wanted, TimeSpan now, Func<bool> isOpen)
    {
        lock (_gate)
        {
            if (wanted > _most || !isOpen())
            {
                return false;
            }

            _term = term;
            _until = now + wanted > _until ? now + wanted : _until;
            return true;
        }
    }

    /// <summary>Whether a promise is in force, and to the leader of which term; 0 where that was forgotten in a restart.</summary>
    public ulong? TermAt(TimeSpan now)
    {
        lock (_gate)
        {
            return now < _until ? _term : null;
        }
    }

    /// <summary>When the promise in force ends; null for none.</summary>
    public TimeSpan? EndAt(TimeSpan now)
    {
        lock (_gate)
        {
            return now < _until ? _until : null;
        }
    }

    /// <summary>Promises so long are durable from now on.</summary>
    public void Allow(TimeSpan most)
    {
        lock (_gate)
        {
            _most = most > _most ? most : _most;
        }
    }

    /// <summary>
    /// There is a leader of a newer term. It was elected by a majority that kept its promises, so the one to which this server promised
    /// relies on them no more.
    /// </summary>
    public void EndBefore(ulong term)
    {
        lock (_gate)
        {
            _until = _term > 0 && _term < term ? TimeSpan.MinValue : _until;
        }
    }

    /// <summary>The leader itself tells this server to campaign: it relies on no promise any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _until = TimeSpan.MinValue;
        }
    }
}
