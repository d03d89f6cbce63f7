namespace Raft.Storage;

/// <summary>What a change does to the log.</summary>
internal enum LogWriteKind
{
    /// <summary>Appends entries.</summary>
    Append,

    /// <summary>Drops the entries from an index on.</summary>
    TruncateSuffix,

    /// <summary>Lets the store drop the entries up to an index.</summary>
    TruncatePrefix,

    /// <summary>Drops all entries: a snapshot took their place.</summary>
    Reset,
}
