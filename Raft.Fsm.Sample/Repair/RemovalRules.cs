namespace Raft.Fsm.Sample.Repair;

/// <summary>Whether a server that is down may be removed from its cluster. Decides only.</summary>
internal static class RemovalRules
{
    /// <summary>Looks whether the others are enough without it.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="id">The server.</param>
    /// <param name="silence">After how long without an answer a server counts as down.</param>
    /// <returns>Why it may not be removed now, and what to do; null where it may.</returns>
    public static string? WhyNot(ClusterView cluster, string id, TimeSpan silence)
    {
        if (cluster.Find(id) is not { IsVoter: true })
        {
            // It counts for no majority: removing it endangers none.
            return null;
        }

        MemberView[] others = [.. cluster.Members.Where(m => m.IsVoter && m.Id != id)];
        if (others.Length == 0)
        {
            return $"{id} is the only voter: without it there is no cluster. Restore a backup into a new cluster, or see docs/recovery.md";
        }

        MemberView[] silent = [.. others.Where(m => m.Id != cluster.Leader && !(m.LastContact < silence))];
        int quorum = (others.Length / 2) + 1;
        return others.Length - silent.Length >= quorum ? null
            : $"without {id} the cluster has {others.Length} voters and needs {quorum} of them, and {string.Join(", ", silent.Select(s => s.Id))} "
                + $"{(silent.Length == 1 ? "does" : "do")} not answer: bring {(silent.Length == 1 ? "it" : "them")} back first, or remove what is "
                + "lost for good while a majority still holds";
    }

    /// <summary>Whether a server answers its leader, by two looks at it.</summary>
    /// <param name="before">How long it had been silent.</param>
    /// <param name="now">How long it is, some time later.</param>
    public static bool HasAnswered(MemberView before, MemberView now) => now.LastContact is { } age && !(before.LastContact <= age);
}
