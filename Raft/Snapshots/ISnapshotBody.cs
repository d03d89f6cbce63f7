namespace Raft;

/// <summary>The bytes of a snapshot, read once from their beginning to their end by one task at a time.</summary>
public interface ISnapshotBody
{
    /// <summary>Reads the next bytes.</summary>
    /// <param name="buffer">Filled from its start; not empty. It must stay untouched until completion.</param>
    /// <returns>
    /// How many bytes were read, at least one; 0 at the end, once the store or the sender stands for all of them.
    /// </returns>
    /// <exception cref="RaftException">
    /// They cannot be read, or are not what was written: nothing of what was read may be used.
    /// </exception>
    ValueTask<int> ReadAsync(Memory<byte> buffer);
}
