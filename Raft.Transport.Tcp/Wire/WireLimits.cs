namespace Raft.Transport.Tcp.Wire;

/// <summary>The limits on what is read. Go has none.</summary>
internal static class WireLimits
{
    /// <summary>An id or an address. Both of a candidate have to fit into the record of a vote, one disk sector.</summary>
    public const int TextBytesMax = 1024;

    /// <summary>A key of a map.</summary>
    public const int KeyBytesMax = 256;

    /// <summary>The error text of an answer.</summary>
    public const int ErrorBytesMax = 64 * 1024;

    /// <summary>Any message beside AppendEntries and Ask; the largest part is a snapshot's configuration.</summary>
    public const int MessageBytesMax = 1024 * 1024;

    /// <summary>What an Ask may take beside the bytes it carries: a forwarded command has an envelope.</summary>
    public const int AskOverheadBytes = 64 * 1024;

    /// <summary>An unknown value in an AppendEntries request, which is passed over.</summary>
    public const int SkippedBytesMax = 1024 * 1024;

    /// <summary>
    /// Entries are kept together in batches of about this many bytes; a larger entry is a batch of its own. Below the
    /// size at which arrays become large objects: those are freed by full collections only, and a follower under load
    /// makes thousands a second.
    /// </summary>
    public const int BatchBytesMax = 80_000;

    /// <summary>
    /// A request's entries may take twice as much memory as they took bytes to send, and this beside. Entries in Go's form take less, and only
    /// those that somebody made up for the purpose take more: seven times as much.
    /// </summary>
    public const int GrowthBytesMax = 64 * 1024;

    /// <summary>How much memory is taken for entries that are announced and not there yet.</summary>
    public const int AnnouncedBytesMax = 48 * 1024;

    /// <summary>The unit in which memory is taken for a value that is larger than the receive buffer.</summary>
    public const int ChunkBytes = 64 * 1024;
}
