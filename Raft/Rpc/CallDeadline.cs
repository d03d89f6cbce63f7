namespace Raft.Rpc;

/// <summary>
/// Ends what makes no progress while an answer is due. One timer for all calls of a connection, which is
/// not touched by each of them: it looks, when it fires, whether the present call is old enough.
/// </summary>
/// <remarks>A lock serves here: the timer comes from a thread of its own and must not end a call that just began.</remarks>
internal sealed class CallDeadline : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly Action _onExpired;
    private readonly ITimer _timer;
    private long? _since;
    private bool _isArmed;
    private bool _isExpired;

    public CallDeadline(TimeProvider time, TimeSpan timeout, Action onExpired)
    {
        _time = time;
        _timeout = timeout;
        _onExpired = onExpired;
        _timer = time.CreateTimer(
            static self => ((CallDeadline)self!).Fired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Whether an answer came too late. Set before anyone is told: an answer that arrives in between must not free for
    /// another call what is about to end.
    /// </summary>
    public bool IsExpired
    {
        get
        {
            lock (_gate)
            {
                return _isExpired;
            }
        }
    }

    /// <summary>An answer is due, counted from now: a call began, or the one before made progress.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _since = _time.GetTimestamp();
            if (!_isArmed)
            {
                _isArmed = true;
                _timer.Change(_timeout, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>No answer is due.</summary>
    public void End()
    {
        lock (_gate)
        {
            _since = null;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Fired()
    {
        lock (_gate)
        {
            _isArmed = false;
            if (_since is not { } since)
            {
                return;
            }

            TimeSpan left = _timeout - _time.GetElapsedTime(since);
            if (left > TimeSpan.Zero)
            {
                _isArmed = true;
                // Timers count in milliseconds: rounding down would fire too early again and again.
                _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                return;
            }

            _isExpired = true;
        }

        _onExpired();
    }
}
