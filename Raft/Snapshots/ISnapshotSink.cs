namespace Raft;

/// <summary>A snapshot that is being written, by one task. Disposing it before it is committed removes it.</summary>
public interface ISnapshotSink : IAsyncDisposable
{
    /// <summary>The snapshot's name in the store.</summary>
    string Id { get; }

    /// <summary>Writes the next bytes.</summary>
    /// <param name="bytes">The bytes; must stay unchanged until completion.</param>
    /// <returns>Completes when the store has taken them; nothing is durable yet.</returns>
    /// <exception cref="StoreException">They cannot be written; the snapshot is of no use any more.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>
    /// Makes the snapshot durable, and only then visible: after a crash at any time it is there whole or not at all. The
    /// store may drop older ones then.
    /// </summary>
    /// <returns>What is known of it, once it would survive a power cut.</returns>
    /// <exception cref="StoreException">It cannot be made durable. Whether it is there is seen when the store is opened again.</exception>
    ValueTask<SnapshotMeta> CommitAsync();
}
