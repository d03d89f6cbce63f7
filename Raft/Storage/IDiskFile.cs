namespace Raft;

/// <summary>An open file of an <see cref="IDisk"/>. Disposing closes it and makes nothing durable.</summary>
public interface IDiskFile : IAsyncDisposable
{
    /// <summary>The path it was opened by.</summary>
    string Path { get; }

    /// <summary>The file's length in bytes.</summary>
    /// <returns>The length.</returns>
    ValueTask<long> GetLengthAsync();

    /// <summary>Reads bytes.</summary>
    /// <param name="offset">Where to begin, in bytes from the start.</param>
    /// <param name="buffer">Filled from its start; the buffer must stay untouched until completion.</param>
    /// <returns>How many bytes were read: all of <paramref name="buffer"/> unless the file ends before.</returns>
    ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer);

    /// <summary>Writes bytes; durable only after a sync.</summary>
    /// <param name="offset">Where to begin; the file grows as needed.</param>
    /// <param name="bytes">What to write; must stay unchanged until completion.</param>
    /// <returns>Completes when all bytes were handed to the operating system.</returns>
    ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes);

    /// <summary><see cref="WriteAtAsync"/>, then <see cref="SyncDataAsync"/>, without coming back in between.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="bytes">What to write; must stay unchanged until completion.</param>
    /// <returns>Completes when the bytes would survive a power cut.</returns>
    ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes);

    /// <summary>Writes zeros over a range and syncs, so that later writes there change no metadata.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>Completes when the zeros would survive a power cut.</returns>
    ValueTask AllocateAsync(long offset, long length);

    /// <summary>
    /// Makes a range of zeros part of the file without writing them, where the system can do that, and syncs: quicker than
    /// <see cref="AllocateAsync"/>, but the first write to each place there does change metadata.
    /// </summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>Completes when the zeros would survive a power cut.</returns>
    ValueTask ReserveAsync(long offset, long length) => AllocateAsync(offset, length);

    /// <summary>Makes all completed writes durable, the length included (fdatasync). Never retried after a failure.</summary>
    /// <returns>Completes when they would survive a power cut.</returns>
    ValueTask SyncDataAsync();
}
