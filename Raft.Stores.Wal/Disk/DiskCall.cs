namespace Raft.Stores.Wal.Disk;

/// <summary>The blocking calls on a file.</summary>
internal enum DiskCall
{
    /// <summary>Fill a buffer.</summary>
    Read,

    /// <summary>Write a buffer.</summary>
    Write,

    /// <summary>Write a buffer, then sync.</summary>
    WriteAndSync,

    /// <summary>Write zeros, then sync.</summary>
    Allocate,

    /// <summary>Make zeros part of the file, then sync.</summary>
    Reserve,

    /// <summary>Sync.</summary>
    Sync,
}
