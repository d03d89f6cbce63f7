namespace Raft.Stores.Bolt.Format;

/// <summary>What a page is for. On disk each is a bit, and just one is set.</summary>
internal enum PageKind : ushort
{
    /// <summary>Nothing that Bolt writes.</summary>
    None = 0,

    /// <summary>Keys and the pages that begin with them.</summary>
    Branch = 0x01,

    /// <summary>Keys and values.</summary>
    Leaf = 0x02,

    /// <summary>Where everything begins, in one of two versions.</summary>
    Meta = 0x04,

    /// <summary>Which pages are free.</summary>
    Freelist = 0x10,
}
