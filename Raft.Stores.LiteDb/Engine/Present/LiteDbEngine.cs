using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Engine;

/// <summary>Opens LiteDB on streams of ours.</summary>
internal static class LiteDbEngine
{
    /// <summary>Whether this build has LiteDB.</summary>
    public static bool IsAvailable => true;

    /// <summary>Opens a database, and creates it where the data stream is empty.</summary>
    /// <param name="data">The data file; a flush of it is a sync.</param>
    /// <param name="log">The log, which makes each transaction durable as a whole.</param>
    /// <param name="checkpointPages">How long the log may get before LiteDB copies it into the data file.</param>
    public static IDocumentDatabase Open(Stream data, Stream log, int checkpointPages) =>
        new LiteDbDatabase(data, log, checkpointPages);
}
