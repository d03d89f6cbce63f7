namespace Raft.Stores.Wal.Format;

/// <summary>What a record says. Zero is none of them, so that what was never written is no record.</summary>
internal enum RecordType : byte
{
    /// <summary>The next entry; the payload is its encoded bytes.</summary>
    Entry = 1,

    /// <summary>All entries from an index on are gone; the payload is that index in eight bytes.</summary>
    Truncation = 2,
}
