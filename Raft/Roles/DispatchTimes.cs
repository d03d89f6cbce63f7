using Raft.Observability;

namespace Raft.Roles;

/// <summary>
/// When the entries of one leadership were appended, as long as that is measured, until they are durable here and until
/// they are committed. Owned by the leader role.
/// </summary>
/// <param name="meter">Where the times go.</param>
/// <param name="lastIndex">The last entry before the leadership: what commits up to there is not its own.</param>
internal sealed class DispatchTimes(LeaderMeter meter, ulong lastIndex)
{
    private readonly Queue<(ulong LastIndex, TimeSpan At)> _undurable = new();
    private readonly Queue<(ulong FirstIndex, ulong LastIndex, TimeSpan At)> _uncommitted = new();
    private ulong _committed = lastIndex;
    private ulong _measured = lastIndex;

    /// <summary>A batch was appended.</summary>
    public void Dispatched(ulong firstIndex, ulong lastIndex)
    {
        meter.DispatchNumLogs?.Record(lastIndex - firstIndex + 1);
        if (meter.DispatchLog.Begin() is { } at)
        {
            _undurable.Enqueue((lastIndex, at));
        }

        if (meter.CommitTime.Begin() is { } appendedAt)
        {
            _uncommitted.Enqueue((firstIndex, lastIndex, appendedAt));
        }
    }

    /// <summary>Entries up to an index are durable here.</summary>
    public void Durable(ulong durableIndex)
    {
        while (_undurable.TryPeek(out (ulong LastIndex, TimeSpan At) batch) && batch.LastIndex <= durableIndex)
        {
            _undurable.Dequeue();
            meter.DispatchLog.Since(batch.At);
        }
    }

    /// <summary>Entries up to an index are committed.</summary>
    public void Committed(ulong commitIndex)
    {
        if (commitIndex <= _committed)
        {
            return;
        }

        meter.CommitNumLogs?.Record(commitIndex - _committed);
        _committed = commitIndex;
        while (_measured < commitIndex && _uncommitted.TryPeek(out (ulong FirstIndex, ulong LastIndex, TimeSpan At) batch))
        {
            // What was appended while nobody listened has no time, and takes none of this batch's.
            _measured = Math.Max(_measured, batch.FirstIndex - 1);
            for (ulong last = Math.Min(batch.LastIndex, commitIndex); _measured < last; _measured++)
            {
                meter.CommitTime.Since(batch.At);
            }

            if (batch.LastIndex > commitIndex)
            {
                break;
            }

            _uncommitted.Dequeue();
        }
    }
}
