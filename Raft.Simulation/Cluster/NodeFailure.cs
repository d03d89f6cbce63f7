namespace Raft.Simulation.Cluster;

/// <summary>Why a node ended, by what it threw.</summary>
internal static class NodeFailure
{
    /// <summary>Whether its disk failed.</summary>
    public static bool IsOfDisk(Exception failure) => Causes(failure).Any(c => c is IOException);

    /// <summary>Whether its store refused damage.</summary>
    public static bool IsDamage(Exception failure) => Causes(failure).Any(c => c is CorruptStoreException);

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
