namespace Raft.Simulation;

/// <summary>What a check found, and why.</summary>
/// <param name="Verdict">The verdict over all keys.</param>
/// <param name="Steps">How many operations the search tried in some place of some order, over all keys.</param>
public sealed record LinearizabilityResult(LinearizabilityVerdict Verdict, long Steps)
{
    /// <summary>The key that is not linearizable or whose search was given up; null otherwise.</summary>
    public string? Key { get; init; }

    /// <summary>For a human: the operations that contradict each other, in the order of time. Empty with Ok.</summary>
    public string Explanation { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() =>
        Verdict == LinearizabilityVerdict.Ok ? $"Ok after {Steps} steps" : $"{Verdict} after {Steps} steps: {Explanation}";
}
