namespace Raft;

/// <summary>What became of a command that was committed and applied.</summary>
/// <param name="Index">Its index in the log.</param>
/// <param name="Term">The term it was appended in.</param>
/// <param name="Response">What the state machine answered; null for a barrier.</param>
public readonly record struct ApplyResult(ulong Index, ulong Term, object? Response);
