using System.Globalization;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Repair;
using Raft.Fsm.Sample.Stopped;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>The servers that are left, each read to its end.</summary>
/// <param name="Survivors">Those that can be used.</param>
/// <param name="LeftOut">The directories of those that cannot.</param>
/// <param name="Lines">What there is to say of each.</param>
/// <param name="Difference">Where two with the same last entry have other bytes before it, which no two logs of one cluster have; null where none do.</param>
internal sealed record SurvivorSet(
    IReadOnlyList<Survivor> Survivors, IReadOnlyList<string> LeftOut, IReadOnlyList<string> Lines, string? Difference)
{
    /// <summary>What the raft-demo names a node's directory by, before its id.</summary>
    private const string DemoPrefix = "raft_";

    /// <summary>Reads all of them; nothing is changed.</summary>
    /// <param name="named">The directories, each with its id where one was given.</param>
    /// <param name="given">The command line.</param>
    /// <exception cref="UsageException">A directory stands twice, or holds no store.</exception>
    /// <exception cref="StoreException">A directory is in use, or of a store that is not recovered.</exception>
    public static async Task<SurvivorSet> ReadAsync(IReadOnlyList<string> named, ParsedOptions given)
    {
        var nodes = new List<StoppedNode>();
        try
        {
            var survivors = new List<(Survivor Survivor, StoppedNode Node)>();
            var leftOut = new List<string>();
            var lines = new List<string>();
            foreach ((ServerId id, string directory) in Directories(named, given))
            {
                StoppedNode node = await StoppedNode.OpenAsync(directory);
                nodes.Add(node);
                if (await WhyNotAsync(node) is { } why)
                {
                    leftOut.Add(directory);
                    lines.Add($"{directory} is left out: {why}");
                    continue;
                }

                Survivor survivor = await Survivor.ReadAsync(node, id);
                survivor = survivor with { Id = id.IsEmpty ? IdOf(survivor) : id };
                if (!survivor.Id.IsEmpty && survivors.Find(s => s.Survivor.Id == survivor.Id).Survivor is { } twin)
                {
                    throw given.Wrong(
                        $"{twin.Directory} and {directory} are both of {survivor.Id}; give one of them, or name them: --data ID=DIR");
                }

                survivors.Add((survivor, node));
                lines.Add(survivor.ToString());
                if (node.Wal?.TornTail is { } tail)
                {
                    lines.Add($"{survivor.Name}: {NodeText.Of(tail, node.Log.LastIndex, node.KnownCommitIndex)}");
                }
            }

            return new SurvivorSet([.. survivors.Select(s => s.Survivor)], leftOut, lines, await DifferenceAsync(survivors));
        }
        finally
        {
            foreach (StoppedNode node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }

    private static List<(ServerId Id, string Directory)> Directories(IReadOnlyList<string> named, ParsedOptions given)
    {
        var all = new List<(ServerId Id, string Directory)>();
        foreach (string text in named)
        {
            int equals = text.IndexOf('=');
            all.Add(equals > 0 && !Directory.Exists(text) ? (text[..equals], text[(equals + 1)..]) : (default, text));
        }

        string? twice = all.GroupBy(d => Path.TrimEndingDirectorySeparator(Path.GetFullPath(d.Directory)), StringComparer.Ordinal)
            .FirstOrDefault(g => g.Count() > 1)?.Key
            ?? all.Where(d => !d.Id.IsEmpty).GroupBy(d => d.Id).FirstOrDefault(g => g.Count() > 1)?.Key.ToString();
        return twice is null ? all : throw given.Wrong($"{twice} stands twice; give each server once");
    }

    private static async Task<string?> WhyNotAsync(StoppedNode node)
    {
        if (node.Kind == Node.StoreNames.Go)
        {
            return $"it holds the data of a Go node; import it first: raftkv import --from-go {node.Directory}";
        }

        if (RepairNote.Find(node.Directory) is { } note)
        {
            return $"its repair was begun and has not ended, so that it may be removed from the cluster already; delete {note} where its data are to be used all the same";
        }

        if (await LogVerification.DamageOfAsync(node) is [var damage, ..])
        {
            return $"damaged: {damage}";
        }

        StoredState state = await node.StateAsync();
        return state.AwaitedIndex > 0
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"it lost its disk once, ends at entry {state.LastIndex} and has not got back what it lacked up to entry {state.AwaitedIndex}")
            : state.LastIndex == 0 ? "it holds no entry and no snapshot" : null;
    }

    /// <summary>A server's id by the name of its directory, where that is the id of a member, as in a development cluster.</summary>
    private static ServerId IdOf(Survivor survivor)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(survivor.Directory)));
        ClusterConfiguration members = survivor.State.Configuration.Configuration;
        string bare = name.StartsWith(DemoPrefix, StringComparison.Ordinal) ? name[DemoPrefix.Length..] : name;
        return members.Find(name) is not null ? name : members.Find(bare) is not null ? bare : default(ServerId);
    }

    private static async Task<string?> DifferenceAsync(IReadOnlyList<(Survivor Survivor, StoppedNode Node)> survivors)
    {
        foreach (var group in survivors.Where(s => !s.Survivor.State.IsLogOver).GroupBy(s => s.Survivor.Last))
        {
            StoppedNode first = group.First().Node;
            foreach ((_, StoppedNode node) in group.Skip(1))
            {
                if (await LogDifference.FindAsync(first.Log, node.Log) is { } found)
                {
                    return string.Create(
                        CultureInfo.InvariantCulture, $"{first.Directory} and {node.Directory} end with the same entry and differ in entry {found.Index}");
                }
            }
        }

        return null;
    }
}
