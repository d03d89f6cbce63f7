namespace Raft;

/// <summary>The state machine that is replicated.</summary>
/// <remarks>
/// All calls come one at a time from the node's state machine task. The same entries must lead to the same state on
/// every server: no clock, no random, no iteration over unordered sets. An exception out of <see cref="Apply"/> or
/// <see cref="RestoreAsync"/> stops the node, since its state can no longer be trusted; what a caller should hear as an
/// error is returned as a value.
/// </remarks>
public interface IFsm
{
    /// <summary>Applies a committed command.</summary>
    /// <param name="entry">The entry; its bytes stay valid while it is kept.</param>
    /// <returns>The answer for the caller of <c>ApplyAsync</c> on the leader; elsewhere it is dropped.</returns>
    object? Apply(LogEntry entry);

    /// <summary>
    /// Holds on to the state as it is now, so that it can be written while further entries are applied. Quick: entries
    /// wait meanwhile. A copy, or a reference to something immutable, does; the writing comes later.
    /// </summary>
    /// <returns>The state, owned by the node. An exception fails this snapshot and nothing else.</returns>
    IFsmSnapshot Snapshot();

    /// <summary>
    /// Replaces the whole state by one that <see cref="IFsmSnapshot.PersistAsync"/> wrote, on this server or another.
    /// Nothing of the state before may be left.
    /// </summary>
    /// <remarks>
    /// <see cref="InvalidDataException"/> promises that the bytes are none of this state machine's and that the state is as
    /// before: a user's restore is refused by it, on every server alike. All other exceptions stop the node.
    /// </remarks>
    /// <param name="snapshot">The bytes; read to their end, not disposed. A fault in them is thrown by a read.</param>
    /// <param name="cancellationToken">The node stops.</param>
    /// <returns>Completes when the state is replaced. No other call comes before.</returns>
    Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken);
}
