namespace Raft;

/// <summary>How far into the log a state reaches.</summary>
/// <param name="Index">The last entry that is in the state; 0 for none.</param>
/// <param name="Term">That entry's term; 0 for none.</param>
public readonly record struct AppliedPoint(ulong Index, ulong Term);
