using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>
/// Seeds that once failed, each with what was wrong. They are run for ever: the seed need not meet the same interleaving
/// once the simulator draws differently, but it costs nothing.
/// </summary>
internal static class Seeds
{
    /// <summary>A seed, with the profile that it was run with and what it found.</summary>
    public static IEnumerable<(ulong Seed, string Wrong)> Regressions { get; } =
    [
        (76, "the watchdog of the completion task counted as left behind: it ends by itself 10 ms after the last call"),
        (233, "a bit of the only log that held the founders' configuration went bad: more than can be survived"),
        (383, "a disk went on stalling after the faults had stopped"),
        (1499, "a state machine that took its time over a snapshot did not end with its node"),
        (28, "a server with a new disk found an old configuration in which it was the only voter, and elected itself"),
        (135, "the same"),
        (10197, "a removed server that did not know it for sure took the vote that the others needed, in each term"),
        (10990, "a disk was lost although a change that its process died over was on another disk"),
        (20720, "a server with an old log campaigned in every term, and refused the only one that could win"),
        (21011, "the same"),
        (10465, "an administrator promoted a server that had just lost its disk once more"),
        (5176, "a blank server at a lost one's address gave a removed candidate the lost one's vote"),
    ];

    /// <summary>The share of all seeds that every change must pass.</summary>
    public static SeedRange EveryChange { get; } = SeedRange.Of(1, 400);
}
