using Raft.Simulation.Invariants;

namespace Raft.Simulation.Running;

/// <summary>What to look for, by the rule that was broken: whose mistake it most likely is.</summary>
internal static class FailureHint
{
    private const string OfTheLibrary =
        "This is a rule that the library itself must keep, whatever the state machine does. Unless "
        + "SimulationOptions.Configure explains it, please report it, with this text.";

    private const string OfEscapes =
        "All code of a run belongs on its one thread, or it is not the same run twice. Look for Task.Run, "
        + "ConfigureAwait(false), a delay or a timer without client.TimeProvider, I/O, a lock that waits "
        + "(docs/simulation.md).";

    /// <summary>The hint for a seed that failed.</summary>
    public static string Of(SeedResult failed) =>
        failed.FailureKind == FailureKind.Escape ? OfEscapes : Of(failed.BrokenRule);

    private static string Of(string? rule) => rule switch
    {
        Rule.EqualStates =>
            "Every server applies the same entries, so only something beside them can make a difference: a clock, chance, "
            + "a new GUID, a static field, the order of an unordered set, a read that changes something, a snapshot that leaves "
            + "something out or a restore that leaves something in. What all servers "
            + "must agree on goes into the command; the time of an entry is LogEntry.AppendedAt.",
        Rule.Workload =>
            "Either the state machine does not do what the workload holds it to, or the workload expects too much: a call "
            + "whose outcome is Unknown may have happened or not, and may still happen. The calls below show what was "
            + "asked.",
        Rule.Applies =>
            "A state machine that throws stops every server that applies the entry, again after each restart. Answer a "
            + "command that cannot be carried out with a value that says so.",
        Rule.Liveness =>
            "The faults had stopped, and everything should have come to an end. If a client did not, it is the workload's; "
            + "else it is the library's: please report it, with this text.",
        _ => OfTheLibrary,
    };
}
