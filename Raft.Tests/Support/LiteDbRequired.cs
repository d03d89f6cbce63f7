using Raft.Stores.LiteDb;

namespace Raft.Tests.Support;

/// <summary>What is said where a build has no LiteDB, since its package sources had none.</summary>
internal static class LiteDbRequired
{
    /// <summary>Reports the test as skipped where there is no LiteDB to test.</summary>
    public static void OrSkip()
    {
        if (!LiteDbStore.IsAvailable)
        {
            Assert.Ignore("This build has no LiteDB: its package sources had no package LiteDB 5.0.21.");
        }
    }
}
