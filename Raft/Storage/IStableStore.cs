namespace Raft;

/// <summary>Where a node keeps its term and vote, as one record, and small values beside it.</summary>
/// <remarks>A write that throws is final for the node, as with <see cref="ILogStore"/>.</remarks>
public interface IStableStore
{
    /// <summary>Reads the term and vote.</summary>
    /// <returns>The record last saved, or null where there was none.</returns>
    ValueTask<TermAndVote?> LoadAsync();

    /// <summary>Replaces the term and vote: after a crash there is the old record or the new, never a mixture.</summary>
    /// <param name="record">The new record.</param>
    /// <returns>Completes when the record would survive a power cut.</returns>
    /// <exception cref="ArgumentException">The store has no room for names that long; nothing was written.</exception>
    ValueTask SaveAsync(TermAndVote record);

    /// <summary>Sets a value beside the term and vote. Keys that begin with <c>raft/</c> are the library's.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>Completes when the value would survive a power cut.</returns>
    ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value);

    /// <summary>Reads a value set by <see cref="SetAsync"/>.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value, or null where there is none.</returns>
    ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key);
}
