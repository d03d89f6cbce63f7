namespace Raft;

/// <summary>
/// The state of an <see cref="IFsm"/> at one index, held until it is written. Disposed by the node in any case; disposing
/// lets go of what it holds on to.
/// </summary>
public interface IFsmSnapshot : IDisposable
{
    /// <summary>Writes the state, beside entries being applied: it must not show what is applied meanwhile.</summary>
    /// <param name="destination">
    /// Where the bytes go; not disposed. A failure of the snapshot store is thrown by a write, and is passed on.
    /// </param>
    /// <param name="cancellationToken">The node stops.</param>
    /// <returns>Completes when all is written. An exception fails this snapshot and nothing else.</returns>
    Task PersistAsync(Stream destination, CancellationToken cancellationToken);
}
