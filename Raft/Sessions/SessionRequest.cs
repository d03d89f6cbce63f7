namespace Raft;

/// <summary>Which request of which session a command is: what makes its repetition known (thesis 6.3).</summary>
/// <param name="Client">Who sends it: <see cref="SessionTable.IsClient"/> says what can be a name. No two clients share one.</param>
/// <param name="Number">
/// Rises from request to request of a session; a repetition has the number of the first. Numbers may be left out, and a
/// session may begin with any.
/// </param>
/// <param name="OpenedAt">
/// An index of the log that was committed when the session was opened; the same in all its requests, and part of its
/// name. 0 does where sessions are never expired.
/// </param>
public readonly record struct SessionRequest(string Client, ulong Number, ulong OpenedAt = 0);
