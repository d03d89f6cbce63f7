namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// How long a connection has kept its reader waiting in the middle of a request, or in between. Written by whoever
/// receives from the connection, one task at a time; looked at by the sweep.
/// </summary>
/// <remarks>
/// Only time spent waiting for the other side counts, and only so many bytes earn more of it: one that sends a byte now
/// and then makes no progress.
/// </remarks>
internal sealed class ReceiveDeadline(TimeProvider time, long bytesPerTimeout)
{
    private long _since;
    private long _waitedTicks;
    private long _bytes;
    private volatile bool _isIdle;

    /// <summary>Whether the present wait is for a request that has not begun.</summary>
    public bool IsIdle => _isIdle;

    /// <summary>Whether the other side is being waited for.</summary>
    public bool IsWaiting => Volatile.Read(ref _since) != 0;

    /// <summary>How long was waited since the last progress.</summary>
    public TimeSpan Waited
    {
        get
        {
            // In this order: a wait that ends in between is missed once, and never counted twice.
            var waited = TimeSpan.FromTicks(Volatile.Read(ref _waitedTicks));
            long since = Volatile.Read(ref _since);
            return since == 0 ? waited : waited + time.GetElapsedTime(since);
        }
    }

    /// <summary>A wait begins.</summary>
    /// <param name="isIdle">Whether no part of a request is there.</param>
    public void Begin(bool isIdle)
    {
        _isIdle = isIdle;
        Volatile.Write(ref _since, time.GetTimestamp() | 1);
    }

    /// <summary>The wait brought some bytes.</summary>
    public void End(int bytes)
    {
        TimeSpan waited = time.GetElapsedTime(_since);
        Volatile.Write(ref _since, 0);
        _bytes += bytes;
        if (_isIdle || _bytes >= bytesPerTimeout)
        {
            Restart();
        }
        else
        {
            Volatile.Write(ref _waitedTicks, _waitedTicks + waited.Ticks);
        }
    }

    /// <summary>A request is whole: the time of the next one begins.</summary>
    public void Restart()
    {
        _isIdle = false;
        _bytes = 0;
        Volatile.Write(ref _waitedTicks, 0);
    }
}
