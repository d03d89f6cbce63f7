using Raft.Stores.LiteDb;

namespace Raft.Tests.Support;

/// <summary>For the tests that need LiteDB itself.</summary>
internal static class LiteDbRequired
{
    /// <summary>Skips the test, and says why, where the package could not be restored.</summary>
    public static void OrSkip()
    {
        if (!LiteDbStore.IsAvailable)
        {
            Assert.Ignore("LiteDB 5.0.21 could not be restored from the package sources when this was built.");
        }
    }
}
