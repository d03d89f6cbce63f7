namespace Raft.Observability;

/// <summary>
/// Which share of the time a task works rather than waits, in windows of a second or more. Pure: it is told when the task
/// begins to work and to wait, and gives a share when a window is over. Owned by that task.
/// </summary>
/// <remarks>
/// Told the same twice in a row, it does not know what went on in between: that time counts for nothing, neither as work nor
/// as rest.
/// </remarks>
internal sealed class BusyShare
{
    /// <summary>The least that a window lasts; it ends with the first news behind that.</summary>
    public static readonly TimeSpan WindowLeast = TimeSpan.FromSeconds(1);

    private TimeSpan? _windowBegan;
    private TimeSpan _changedAt;
    private TimeSpan _waited;
    private TimeSpan _unknown;
    private bool _isWorking;

    /// <summary>The task works from now on.</summary>
    /// <returns>The share of the window that is over, 0 to 1 with two decimals; null where none is, or nothing is known of it.</returns>
    public double? Works(TimeSpan now) => Change(now, isWorking: true);

    /// <summary>The task waits from now on.</summary>
    /// <returns>As for <see cref="Works"/>.</returns>
    public double? Waits(TimeSpan now) => Change(now, isWorking: false);

    private double? Change(TimeSpan now, bool isWorking)
    {
        _windowBegan ??= now;
        TimeSpan passed = _windowBegan == now ? TimeSpan.Zero : now - _changedAt;
        if (_isWorking == isWorking)
        {
            _unknown += passed;
        }
        else if (isWorking)
        {
            _waited += passed;
        }

        _isWorking = isWorking;
        _changedAt = now;
        return now - _windowBegan >= WindowLeast ? EndWindow(now) : null;
    }

    private double? EndWindow(TimeSpan now)
    {
        TimeSpan known = now - _windowBegan!.Value - _unknown;
        double? share = known > TimeSpan.Zero ? Math.Round((known - _waited) / known, digits: 2) : null;
        _windowBegan = now;
        _waited = TimeSpan.Zero;
        _unknown = TimeSpan.Zero;
        return share;
    }
}
