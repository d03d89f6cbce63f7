using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Engine;

/// <summary>Stands in for LiteDB where its package could not be restored.</summary>
internal static class LiteDbEngine
{
    /// <summary>Whether this build has LiteDB.</summary>
    public static bool IsAvailable => false;

    /// <summary>Refuses.</summary>
    /// <param name="data">Not used.</param>
    /// <param name="log">Not used.</param>
    /// <param name="checkpointPages">Not used.</param>
    public static IDocumentDatabase Open(Stream data, Stream log, int checkpointPages) =>
        throw new StoreException(LiteDbStore.AbsentText);
}
