namespace Raft;

/// <summary>
/// What an <see cref="IDiskFile"/> may offer beside: the same operations on the caller's own thread, for a store whose
/// database knows only blocking calls. The caller's thread must be one that may wait for a disk, never one of a node's loops.
/// </summary>
public interface IBlockingDiskFile : IDiskFile
{
    /// <summary>The file's length in bytes.</summary>
    /// <returns>The length.</returns>
    long GetLength();

    /// <summary>Reads bytes.</summary>
    /// <param name="offset">Where to begin, in bytes from the start.</param>
    /// <param name="buffer">Filled from its start.</param>
    /// <returns>How many bytes were read: all of <paramref name="buffer"/> unless the file ends before.</returns>
    int ReadAt(long offset, Span<byte> buffer);

    /// <summary>Writes bytes; durable only after <see cref="SyncData"/>.</summary>
    /// <param name="offset">Where to begin; the file grows as needed.</param>
    /// <param name="bytes">What to write.</param>
    void WriteAt(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes all completed writes durable, the length included (fdatasync). Never retried after a failure.</summary>
    void SyncData();
}
