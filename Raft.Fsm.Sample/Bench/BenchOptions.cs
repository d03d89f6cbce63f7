using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>What a run of <c>raftkv bench</c> measures.</summary>
/// <param name="Store">The store's name.</param>
/// <param name="Concurrency">Callers that each wait for one command after the other.</param>
/// <param name="PayloadBytes">Bytes of a command.</param>
/// <param name="Seconds">How long is measured, after a warm-up.</param>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Data">Where the stores live during the run.</param>
/// <param name="Readers">Callers that each wait for one read after the other, beside those.</param>
/// <param name="Consistency">What they are promised.</param>
internal sealed record BenchOptions(
    string Store, int Concurrency, int PayloadBytes, int Seconds, int Nodes, string Data, int Readers, ReadConsistency Consistency)
{
    /// <summary>The hidden command of the followers' processes.</summary>
    public const string FollowerCommand = "bench-follower";

    /// <summary>The options of the command line.</summary>
    public static IReadOnlyList<OptionSpec> Specs { get; } =
    [
        new("store", "NAME", StoreNames.Help, StoreNames.Wal),
        new("concurrency", "N", "callers, each with one command under way", "64"),
        new("readers", "N", "callers beside them, each with one read of the leader under way", "0"),
        new("read", "linearizable|lease|local", "what the reads are promised", "linearizable"),
        new("payload", "BYTES", "size of a command", "128"),
        new("seconds", "N", "how long to measure", "10"),
        new("nodes", "N", "how many nodes, each a process of its own", "3"),
        new("data", "DIR", "where the stores live during the run; emptied after it", "./raftkv-data/bench"),
    ];

    /// <summary>The options of the followers' processes.</summary>
    public static IReadOnlyList<OptionSpec> FollowerSpecs { get; } =
    [
        new("id", "ID", "the node's name") { IsRequired = true },
        new("store", "NAME", "the store") { IsRequired = true },
        new("data", "DIR", "where the store lives") { IsRequired = true },
    ];

    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">Something is wrong.</exception>
    public static BenchOptions Read(ParsedOptions given) => new(
        StoreNames.Read(given), given.Number("concurrency", given.Number("readers", 0, 1 << 20) > 0 ? 0 : 1, 1 << 20), given.Number("payload", 0, 8 << 20),
        given.Number("seconds", 1, 3600), given.Number("nodes", 1, 9), given.Required("data"),
        given.Number("readers", 0, 1 << 20), given.Choice("read", "linearizable", "lease", "local") switch
        {
            "lease" => ReadConsistency.Lease,
            "local" => ReadConsistency.Local,
            _ => ReadConsistency.Linearizable,
        });
}
