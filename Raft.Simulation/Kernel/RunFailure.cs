namespace Raft.Simulation.Kernel;

/// <summary>Why a run failed.</summary>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Rule">The rule that was broken.</param>
/// <param name="How">How.</param>
internal sealed record RunFailure(FailureKind Kind, string Rule, string How)
{
    public override string ToString() => $"{Rule}: {How}";
}
