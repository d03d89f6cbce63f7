using System.Diagnostics;

namespace Raftchaos.Clients;

/// <summary>Gives callers their turns at a steady rate. What was missed while nothing answered is not made up for.</summary>
/// <param name="rate">Turns a second.</param>
internal sealed class Pacer(int rate)
{
    private readonly Lock _gate = new();
    private readonly long _interval = Stopwatch.Frequency / rate;
    private long _next;

    /// <summary>Waits for the next turn.</summary>
    public Task TurnAsync()
    {
        long now = Stopwatch.GetTimestamp();
        long turn;
        lock (_gate)
        {
            // Timers come some milliseconds late: so much may be made up for.
            turn = Math.Max(_next, now - (Stopwatch.Frequency / 50));
            _next = turn + _interval;
        }

        return turn > now ? Task.Delay(Stopwatch.GetElapsedTime(now, turn)) : Task.CompletedTask;
    }
}
