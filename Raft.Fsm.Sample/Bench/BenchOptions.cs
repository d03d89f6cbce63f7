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
    /// <summary>What is measured.</summary>
    public BenchMode Mode { get; init; }

    /// <summary>How long the callers write before it counts.</summary>
    public int WarmUpSeconds { get; init; }

    /// <summary>How many entries a node is to catch up with.</summary>
    public int Entries { get; init; }

    /// <summary>How large a state a new node is to receive.</summary>
    public int Mebibytes { get; init; }

    /// <summary>Whether a caller goes on writing while a node catches up.</summary>
    public bool IsBusy { get; init; }

    /// <summary>The most MiB of a snapshot that are sent in a second; 0 for no limit.</summary>
    public int SnapshotMebibytesPerSecond { get; init; }

    /// <summary>Whether nodes speak TLS to each other; null to measure first without it and then with it.</summary>
    public bool? HasTls { get; init; } = false;

    /// <summary>Where a follower's process finds its certificate; null for none.</summary>
    public string? TlsDirectory { get; init; }

    /// <summary>What a follower's process has to know of them.</summary>
    public IEnumerable<string> Words => [$"--store={Store}", $"--mode={ModeName(Mode)}"];

    /// <summary>The runs that they ask for, one after the other.</summary>
    public IReadOnlyList<BenchOptions> Runs => HasTls is null ? [this with { HasTls = false }, this with { HasTls = true }] : [this];

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
        new("warm-up", "N", "how many seconds of load before it is measured", "3"),
        new("nodes", "N", "how many nodes, each a process of its own", "3"),
        new("mode", "throughput|load|catchup|snapshot", "commands, the callers alone, or how a node that was down gets the entries, or one that is new the state", "throughput"),
        new("entries", "N", "catchup: how many entries the node lacks", "200000"),
        new("mib", "N", "snapshot: how large the state is", "256"),
        new("snapshot-rate", "N", "snapshot: the most MiB a second that are sent; 0 for as fast as it goes", "0"),
        new("busy", "on|off", "catchup, snapshot: one caller goes on writing", "off"),
        new("tls", "off|on|both", "whether nodes speak TLS to each other, by certificates made for the run; both for one run without and one with it", "off"),
        new("data", "DIR", "where the stores live during the run; emptied after it", "./raftkv-data/bench"),
    ];

    /// <summary>The options of the followers' processes.</summary>
    public static IReadOnlyList<OptionSpec> FollowerSpecs { get; } =
    [
        new("id", "ID", "the node's name") { IsRequired = true },
        new("store", "NAME", "the store") { IsRequired = true },
        new("data", "DIR", "where the store lives") { IsRequired = true },
        new("listen", "HOST:PORT", "where it listens") { IsRequired = true },
        new("mode", "NAME", "what is measured") { IsRequired = true },
        new("tls-dir", "DIR", "where its certificate lies"),
    ];

    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">Something is wrong.</exception>
    public static BenchOptions Read(ParsedOptions given)
    {
        BenchMode mode = ReadMode(given);
        int readers = given.Number("readers", 0, 1 << 20);
        ReadConsistency consistency = given.Choice("read", "linearizable", "lease", "local") switch
        {
            "lease" => ReadConsistency.Lease,
            "local" => ReadConsistency.Local,
            _ => ReadConsistency.Linearizable,
        };
        return new BenchOptions(
            StoreNames.Read(given), given.Number("concurrency", readers > 0 ? 0 : 1, 1 << 20), given.Number("payload", 0, 8 << 20),
            given.Number("seconds", 1, 3600), given.Number("nodes", mode is BenchMode.Throughput or BenchMode.Load ? 1 : 3, 9), given.Required("data"), readers, consistency)
        {
            Mode = mode,
            WarmUpSeconds = given.Number("warm-up", 0, 3600),
            Entries = given.Number("entries", 1, 100_000_000),
            Mebibytes = given.Number("mib", 0, 1024),
            SnapshotMebibytesPerSecond = given.Number("snapshot-rate", 0, 1 << 20),
            IsBusy = given.Choice("busy", "on", "off") == "on",
            HasTls = given.Choice("tls", "off", "on", "both") switch { "on" => true, "off" => false, _ => null },
        };
    }

    /// <summary>The options of a follower.</summary>
    public static BenchOptions ReadFollower(ParsedOptions given) =>
        new(given.Required("store"), 0, 0, 0, 0, given.Required("data"), 0, default)
        {
            Mode = ReadMode(given),
            TlsDirectory = given.Text("tls-dir"),
        };

    private static BenchMode ReadMode(ParsedOptions given) => given.Choice("mode", [.. Enum.GetValues<BenchMode>().Select(ModeName)]) switch
    {
        "load" => BenchMode.Load,
        "catchup" => BenchMode.CatchUp,
        "snapshot" => BenchMode.Snapshot,
        _ => BenchMode.Throughput,
    };

    private static string ModeName(BenchMode mode) => mode switch
    {
        BenchMode.Load => "load",
        BenchMode.CatchUp => "catchup",
        BenchMode.Snapshot => "snapshot",
        _ => "throughput",
    };
}
