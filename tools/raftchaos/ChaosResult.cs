namespace Raftchaos;

/// <summary>What a run came to.</summary>
/// <param name="Wrong">What was not as promised, for a human; empty where all was.</param>
/// <param name="ClosingLine">Its figures, as JSON.</param>
internal sealed record ChaosResult(IReadOnlyList<string> Wrong, string ClosingLine);
