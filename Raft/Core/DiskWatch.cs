namespace Raft.Core;

/// <summary>Whether a leader's disk has been busy with one write for too long (W7). Pure; owned by the leadership.</summary>
/// <remarks>
/// A leader that looks much too late has itself stood still, and so may have its disk's thread: the write may have ended long ago,
/// and nobody has come to say so. It looks once more, a little later.
/// </remarks>
internal sealed class DiskWatch
{
    /// <summary>A look that comes later than by this shows that this server itself stood still; a timer alone is late by less.</summary>
    private static readonly TimeSpan Standstill = TimeSpan.FromMilliseconds(30);

    /// <summary>For what share of the limit it waits then.</summary>
    private const double GraceShare = 0.1;

    private TimeSpan? _overdue;
    private TimeSpan _until;

    /// <summary>Looks.</summary>
    /// <param name="busySince">When the write under way began; null while there is none.</param>
    /// <param name="now">The present time.</param>
    /// <param name="limit">How long a write may take.</param>
    public bool IsStalled(TimeSpan? busySince, TimeSpan now, TimeSpan limit)
    {
        if (busySince is not { } since || now - since < limit)
        {
            return false;
        }

        if (_overdue != since)
        {
            _overdue = since;
            _until = now - since - limit >= Standstill ? now + (limit * GraceShare) : now;
        }

        return now >= _until;
    }

    /// <summary>When to look; null while there is no write.</summary>
    /// <param name="busySince">When the write under way began; null while there is none.</param>
    /// <param name="limit">How long a write may take.</param>
    public TimeSpan? LookAt(TimeSpan? busySince, TimeSpan limit) =>
        busySince is not { } since ? null : since == _overdue ? _until : since + limit;
}
