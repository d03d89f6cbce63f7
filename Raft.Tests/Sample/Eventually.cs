using System.Diagnostics;

namespace Raft.Tests.Sample;

/// <summary>Waits for conditions of things that run by themselves, with a deadline that says what was seen last.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="what">The condition, for the failure.</param>
    /// <param name="holds">Looks whether it holds.</param>
    /// <param name="seen">What there is to see, for the failure.</param>
    /// <param name="within">The deadline.</param>
    public static async Task HoldsAsync(
        string what, Func<Task<bool>> holds, Func<string>? seen = null, TimeSpan? within = null)
    {
        TimeSpan deadline = within ?? TimeSpan.FromSeconds(20);
        long started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(started) > deadline)
            {
                Assert.Fail($"Not within {deadline}: {what}. {seen?.Invoke()}");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Waits until a condition holds.</summary>
    public static Task HoldsAsync(string what, Func<bool> holds, Func<string>? seen = null, TimeSpan? within = null) =>
        HoldsAsync(what, () => Task.FromResult(holds()), seen, within);
}
