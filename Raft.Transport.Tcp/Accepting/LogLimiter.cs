namespace Raft.Transport.Tcp.Accepting;

/// <summary>Lets one line through in a second: whoever scans ports must not fill the log. Used from any thread.</summary>
internal sealed class LogLimiter(TimeProvider time, TimeSpan? interval = null)
{
    private readonly TimeSpan _interval = interval ?? TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private long? _loggedAt;
    private long _unlogged;

    /// <summary>Asks for a line.</summary>
    /// <param name="unlogged">How many were left out since the last one.</param>
    /// <returns>Whether it may be written.</returns>
    public bool TryPass(out long unlogged)
    {
        lock (_gate)
        {
            if (_loggedAt is { } at && time.GetElapsedTime(at) < _interval)
            {
                unlogged = ++_unlogged;
                return false;
            }

            _loggedAt = time.GetTimestamp();
            unlogged = _unlogged;
            _unlogged = 0;
            return true;
        }
    }
}
