using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>Who is a member of a recovered cluster.</summary>
internal static class RecoveryMembers
{
    /// <summary>Reads <c>--members</c>; without it, all that can be recovered together and whose id and address are known.</summary>
    /// <exception cref="UsageException">A list was given that no cluster can run on.</exception>
    public static ClusterConfiguration Read(ParsedOptions given, RecoveryPlan plan)
    {
        if (given.Text("members") is { } listed)
        {
            return new ClusterConfiguration(NodeCommand.Servers(given, "members", listed, '='));
        }

        Survivor[] all = [.. plan.Together, .. plan.Others];
        return new ClusterConfiguration(plan.Together
            .Select(s => all.Select(known => known.State.Configuration.Configuration.Find(s.Id)).FirstOrDefault(found => found is not null))
            .OfType<Server>().Select(s => new Server(s.Id, s.Address)));
    }

    /// <summary>Refuses members that are not all recovered, and servers to recover of which nothing is known.</summary>
    /// <param name="given">The command line.</param>
    /// <param name="recovered">Who is recovered.</param>
    /// <param name="members">Who is to be a member.</param>
    /// <exception cref="UsageException">It is refused.</exception>
    public static void RequireKnown(ParsedOptions given, IReadOnlyList<Survivor> recovered, ClusterConfiguration members)
    {
        if (members.VoterCount == 0)
        {
            throw given.Wrong("of no server that can be recovered the id and address are known; give --data ID=DIR, and --members ID=HOST:PORT,...");
        }

        Server[] empty = [.. members.Servers.Where(m => !recovered.Any(s => s.Id == m.Id))];
        if (empty.Length > 0)
        {
            throw given.Wrong(
                $"--members names {string.Join(", ", empty.Select(m => m.Id))}, which is not recovered here; until the cluster has committed something, a "
                + "member without data endangers what was recovered: let it join afterwards (raftkv node --join)");
        }
    }
}
