using System.Diagnostics;
using System.Reflection;
using Raft.Tests.Support;

namespace Raft.Tests.Architecture;

/// <summary>Code uses its own layer and those below it (docs/architecture.md): down by call, up by event.</summary>
public sealed class LayerTests
{
    /// <summary>Bottom first. Namespaces side by side in one string are one layer, in which each may use the other.</summary>
    private static readonly string[] Layers =
    [
        "Raft.Mutations",
        "Raft.MsgPack",
        "Raft",
        "Raft.Observability Raft.Timing",
        "Raft.Membership",
        "Raft.Rpc Raft.Storage",
        "Raft.Core",
        "Raft.Fsm",
        "Raft.Snapshots Raft.Replication",
        "Raft.Handlers",
        "Raft.Roles",
        "Raft.Loop Raft.Routing",
        "facade",
    ];

    /// <summary>Public types live in namespace Raft whatever their layer; these are not contracts.</summary>
    private static readonly Dictionary<string, string> LayerOfPublicType = new(StringComparer.Ordinal)
    {
        [nameof(RaftNode)] = "facade",
        [nameof(Session)] = "facade",
        ["InMemoryLogStore"] = "Raft.Storage",
        ["InMemoryStableStore"] = "Raft.Storage",
        ["InMemorySnapshotStore"] = "Raft.Storage",
        ["DiscardSnapshotStore"] = "Raft.Storage",
        ["InMemoryTransport"] = "Raft.Rpc",
        ["InMemoryNetwork"] = "Raft.Rpc",
    };

    /// <summary>What decides, apart from what does: the same of the same, always.</summary>
    private static readonly string[] Deciding =
    [
        "AppendEntriesRules", "Commitment", "CompactionRules", "FateRules", "LeaderLease", "PeerProgress", "QuorumContact", "RoleRules",
        "SendWindow", "VoteRules", "VoteTally",
    ];

    private static readonly Assembly Library = typeof(RaftNode).Assembly;

    [Test]
    public void Every_namespace_of_the_library_has_its_layer()
    {
        IEnumerable<string> unknown = Library.GetTypes().Where(t => !IsGenerated(t))
            .Select(t => t.Namespace!).Distinct().Where(n => !Layers.Any(l => l.Split(' ').Contains(n)));

        Assert.That(unknown, Is.Empty);
    }

    [Test]
    public void No_type_uses_a_layer_above_its_own()
    {
        var upward = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Type type in Library.GetTypes().Where(t => !IsGenerated(t)))
        {
            foreach (Type used in TypeUse.Of(type).Where(u => u.Assembly == Library && !IsGenerated(u)))
            {
                if (LevelOf(used) > LevelOf(type))
                {
                    upward.Add($"{Outermost(type).FullName} uses {Outermost(used).FullName}");
                }
            }
        }

        Assert.That(upward, Is.Empty);
    }

    [Test]
    [Reference("a40")]
    public void What_decides_uses_no_task_no_lock_no_clock_and_no_chance()
    {
        Type[] types = [.. Library.GetTypes().Where(t => Outermost(t).Namespace == "Raft.Core" && Deciding.Contains(Outermost(t).Name))];
        Type[] clocks = [typeof(TimeProvider), typeof(DateTime), typeof(DateTimeOffset), typeof(Stopwatch), typeof(Random)];
        string[] worlds = ["System.Threading", "System.IO", "System.Net", "Raft.Timing"];

        IEnumerable<string> found = types.SelectMany(t => TypeUse.Of(t)
            .Where(u => clocks.Contains(u) || worlds.Any(w => u.Namespace?.StartsWith(w, StringComparison.Ordinal) == true))
            .Select(u => $"{Outermost(t).Name} uses {u}"));

        Assert.That(types.Select(t => Outermost(t).Name).Distinct(), Is.EquivalentTo(Deciding));
        Assert.That(found, Is.Empty);
    }

    [Test]
    public void The_reading_of_method_bodies_finds_what_the_test_depends_on() =>
        Assert.That(
            TypeUse.Of(typeof(Loop.RaftLoop)).Select(Outermost), Does.Contain(typeof(Roles.LeaderRole)),
            "a use that only stands in a method body must be seen");

    private static int LevelOf(Type type)
    {
        Type outer = Outermost(type);
        string layer = outer.Namespace == "Raft" && LayerOfPublicType.TryGetValue(outer.Name, out string? named)
            ? named : outer.Namespace!;
        return Array.FindIndex(Layers, l => l.Split(' ').Contains(layer));
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } declaring)
        {
            type = declaring;
        }

        return type;
    }

    private static bool IsGenerated(Type type) =>
        Outermost(type).Namespace is not { } name || !(name == "Raft" || name.StartsWith("Raft.", StringComparison.Ordinal));
}
