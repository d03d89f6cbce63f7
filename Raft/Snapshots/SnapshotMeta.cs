namespace Raft;

/// <summary>What a snapshot store knows of one complete snapshot.</summary>
/// <param name="Id">Its name in the store.</param>
/// <param name="Point">Where in the log it stands.</param>
/// <param name="Size">How many bytes of state it has.</param>
public sealed record SnapshotMeta(string Id, SnapshotPoint Point, long Size)
{
    /// <summary>The version of the metadata that is written: 1, as hashicorp/raft's. Version 0 is read too.</summary>
    public const int VersionWritten = 1;

    /// <summary>The version of its metadata.</summary>
    public int Version { get; init; } = VersionWritten;

    /// <summary>The index of the last entry that it covers.</summary>
    public ulong Index => Point.Index;

    /// <summary>The term of that entry.</summary>
    public ulong Term => Point.Term;
}
