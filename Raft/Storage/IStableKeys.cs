namespace Raft;

/// <summary>
/// What an <see cref="IStableStore"/> may offer beside: to name the keys that have values. A node does not need it; whoever
/// moves a server's data to another store does.
/// </summary>
public interface IStableKeys
{
    /// <summary>Names the keys of all values that <see cref="IStableStore.SetAsync"/> has set, the library's own among them.</summary>
    /// <returns>The keys in the order of their bytes, each once.</returns>
    ValueTask<IReadOnlyList<byte[]>> ListKeysAsync();
}
