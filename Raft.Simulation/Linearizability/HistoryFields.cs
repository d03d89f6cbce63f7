namespace Raft.Simulation.Linearizability;

/// <summary>Values of ours and how they stand in a history file.</summary>
internal static class HistoryFields
{
    private const long NanosecondsPerTick = TimeSpan.NanosecondsPerTick;

    public static string NameOf(RegisterCallKind kind) => kind switch
    {
        RegisterCallKind.Get => "get",
        RegisterCallKind.Put => "put",
        _ => "cas",
    };

    public static string NameOf(HistoryClock clock) => clock == HistoryClock.Virtual ? "virtual100ns" : "monotonic_ns";

    public static HistoryClock ClockOf(string? name) => name switch
    {
        "virtual100ns" => HistoryClock.Virtual,
        "monotonic_ns" => HistoryClock.Monotonic,
        _ => throw new InvalidDataException($"\"{name}\" is no known clock."),
    };

    /// <summary>The call of an operation.</summary>
    /// <param name="name">What it does.</param>
    /// <param name="a">For a put the new value, for a compare-and-swap the expected one.</param>
    /// <param name="b">For a compare-and-swap the new value.</param>
    public static RegisterCall CallOf(string? name, long a, long b) => name switch
    {
        "get" => RegisterCall.Get(),
        "put" => RegisterCall.Put(a),
        "cas" => RegisterCall.CompareAndSwap(expected: a, value: b),
        _ => throw new InvalidDataException($"\"{name}\" is no known operation."),
    };

    public static long ToFile(TimeSpan time, HistoryClock clock) =>
        clock == HistoryClock.Virtual ? time.Ticks : time.Ticks * NanosecondsPerTick;

    public static TimeSpan FromFile(long time, HistoryClock clock) =>
        TimeSpan.FromTicks(clock == HistoryClock.Virtual ? time : time / NanosecondsPerTick);
}
