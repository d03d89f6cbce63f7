namespace Raft;

/// <summary>A snapshot of a store, open for reading. Its checksum is verified before the end is reported.</summary>
public interface ISnapshotSource : ISnapshotBody, IAsyncDisposable
{
    /// <summary>What is known of it.</summary>
    SnapshotMeta Meta { get; }
}
