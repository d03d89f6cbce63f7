namespace Raft;

/// <summary>
/// A state machine that keeps its state on a disk of its own and says how far it reaches. A server that is started goes on
/// from there: it restores no snapshot that ends at or before that entry, and hands over the entries behind it alone.
/// </summary>
/// <remarks>
/// <para>
/// On its disk the state and <see cref="Applied"/> change together, in one transaction, or a crash makes them contradict each
/// other, and this server differs from the others from then on. <c>DurableFsmContract</c> of the package
/// <c>Raft.Testing.Contracts</c> looks for that.
/// </para>
/// <para>
/// It need not make every entry durable: what a crash takes from it, it is given again. Only what is durable in this server's
/// log is handed over, so a state on disk is never ahead of it. If it is all the same, or if the log has another entry
/// there, the log or the state is not this server's: the node refuses to start.
/// </para>
/// </remarks>
public interface IDurableFsm : IFsm
{
    /// <summary>
    /// The last entry that is in the state, as it was opened: a command, the last one of a batch, or where
    /// <see cref="RestoreAsync(Stream, AppliedPoint, CancellationToken)"/> put it. Entries that are no commands need not count.
    /// Read once, before all other calls.
    /// </summary>
    AppliedPoint Applied { get; }

    /// <summary>
    /// Replaces the whole state, and what <see cref="Applied"/> is, in one transaction. Otherwise as
    /// <see cref="IFsm.RestoreAsync"/>, which the node never calls.
    /// </summary>
    /// <param name="snapshot">The bytes; read to their end, not disposed. A fault in them is thrown by a read.</param>
    /// <param name="at">
    /// What <see cref="Applied"/> is from now on. What the bytes say of it counts for nothing: a user's restore may have taken
    /// them from another cluster.
    /// </param>
    /// <param name="cancellationToken">The node stops.</param>
    /// <returns>Completes when the state is replaced. No other call comes before.</returns>
    Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken);

    /// <inheritdoc/>
    Task IFsm.RestoreAsync(Stream snapshot, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A state machine that keeps its own state is told which entry it is restored to.");
}
