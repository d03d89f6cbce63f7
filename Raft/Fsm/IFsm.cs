namespace Raft;

/// <summary>The state machine that is replicated.</summary>
/// <remarks>
/// All calls come one at a time from the node's state machine task. The same entries must lead to the same state on
/// every server: no clock, no random, no iteration over unordered sets. An exception out of a call stops the node,
/// since its state can no longer be trusted; what a caller should hear as an error is returned as a value.
/// </remarks>
public interface IFsm
{
    /// <summary>Applies a committed command.</summary>
    /// <param name="entry">The entry; its bytes stay valid while it is kept.</param>
    /// <returns>The answer for the caller of <c>ApplyAsync</c> on the leader; elsewhere it is dropped.</returns>
    object? Apply(LogEntry entry);
}
