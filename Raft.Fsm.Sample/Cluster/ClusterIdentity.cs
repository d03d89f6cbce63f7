using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Cluster;

/// <summary>
/// Which cluster a data directory belongs to. A second start with other ports or another number of nodes would found a
/// second cluster beside the first in the directories that are still blank.
/// </summary>
internal static class ClusterIdentity
{
    private const string FileName = "cluster";

    /// <summary>Refuses a directory that was founded otherwise, and notes how one is founded.</summary>
    /// <exception cref="UsageException">The directory belongs to another cluster.</exception>
    public static void Claim(ClusterOptions options)
    {
        if (options.Store == StoreNames.Memory)
        {
            return;
        }

        string file = Path.Combine(options.Data, FileName);
        if (!File.Exists(file))
        {
            System.IO.Directory.CreateDirectory(options.Data);
            File.WriteAllText(file, options.Peers);
            return;
        }

        string founded = File.ReadAllText(file);
        if (founded != options.Peers)
        {
            throw new UsageException(
                $"raftkv: {options.Data} belongs to the cluster {founded}; give the --nodes and --raft-base-port that it was "
                + "founded with, or another --data");
        }
    }
}
