namespace Raft.Fsm.Sample.Http;

/// <summary>How many requests were answered, by status. Any task.</summary>
internal sealed class RequestCounts
{
    private readonly long[] _byStatus = new long[600];
    private long _forwarded;

    /// <summary>Requests that the leader answered for this node.</summary>
    public long Forwarded => Volatile.Read(ref _forwarded);

    /// <summary>Counts one answer.</summary>
    public void Note(Answer answer)
    {
        Interlocked.Increment(ref _byStatus[Math.Clamp(answer.Status, 0, _byStatus.Length - 1)]);
        if (answer.ForwardedTo is not null)
        {
            Interlocked.Increment(ref _forwarded);
        }
    }

    /// <summary>The counts that are not zero.</summary>
    public IEnumerable<(int Status, long Count)> ByStatus()
    {
        for (int status = 0; status < _byStatus.Length; status++)
        {
            long count = Volatile.Read(ref _byStatus[status]);
            if (count > 0)
            {
                yield return (status, count);
            }
        }
    }
}
