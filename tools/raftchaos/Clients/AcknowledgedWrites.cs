using System.Diagnostics;

namespace Raftchaos.Clients;

/// <summary>Counts acknowledged writes, and tells when the first comes that was begun after an instant. Used from any thread.</summary>
internal sealed class AcknowledgedWrites
{
    private readonly Lock _gate = new();
    private readonly List<(long Since, TaskCompletionSource<TimeSpan> Told)> _waiting = [];
    private long _count;

    /// <summary>How many there are.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>One was acknowledged just now.</summary>
    /// <param name="invokedAt">When it was begun, by <see cref="Stopwatch"/>.</param>
    public void Add(long invokedAt)
    {
        long now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _count++;
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (invokedAt > _waiting[i].Since)
                {
                    _waiting[i].Told.SetResult(Stopwatch.GetElapsedTime(_waiting[i].Since, now));
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Waits for the first that is begun after an instant.</summary>
    /// <returns>The time from the instant to its acknowledgement.</returns>
    public Task<TimeSpan> FirstAfterAsync(long since)
    {
        var told = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((since, told));
        }

        return told.Task;
    }
}
