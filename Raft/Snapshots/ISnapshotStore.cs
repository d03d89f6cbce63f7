namespace Raft;

/// <summary>
/// Where a node keeps its snapshots. Several may be written and read at once. The store is opened before and disposed
/// after the node, by the one who made it.
/// </summary>
public interface ISnapshotStore
{
    /// <summary>Begins a snapshot. Until it is committed nobody sees it, and after a crash nothing is left of it.</summary>
    /// <param name="point">Where in the log it stands.</param>
    /// <returns>Where its bytes go, owned by the caller.</returns>
    /// <exception cref="StoreException">It cannot be begun.</exception>
    ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point);

    /// <summary>The complete snapshots: the highest term first, of one term the highest index.</summary>
    /// <returns>What is known of them. One whose description cannot be read is left out.</returns>
    /// <exception cref="StoreException">
    /// The store cannot be read; or a commit failed, and the store cannot tell what it left behind. A snapshot that is not
    /// listed must not come to be there later: whoever starts goes by this list.
    /// </exception>
    ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync();

    /// <summary>Opens a snapshot. It stays readable until the result is disposed, even where newer ones take its place.</summary>
    /// <param name="id">Its name.</param>
    /// <returns>Its bytes, owned by the caller.</returns>
    /// <exception cref="StoreException">There is none of that name, or it cannot be read.</exception>
    ValueTask<ISnapshotSource> OpenAsync(string id);
}
