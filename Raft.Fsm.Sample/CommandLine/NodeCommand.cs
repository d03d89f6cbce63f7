using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>The options of <c>raftkv node</c>, and how they become <see cref="NodeOptions"/>.</summary>
internal static class NodeCommand
{
    /// <summary>Names stand in HTTP headers.</summary>
    private const int IdLengthMax = 64;

    private static readonly string[] TlsOptions = ["tls-cert", "tls-key", "tls-ca"];

    /// <summary>The options, in the order of the help.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("id", "ID", "the node's name, unique in its cluster") { IsRequired = true },
        new("raft", "HOST:PORT", "where to listen for other nodes") { IsRequired = true },
        new("http", "HOST:PORT", "where to listen for clients") { IsRequired = true },
        new("data", "DIR", "where the node keeps its data") { IsRequired = true },
        new("advertise", "HOST:PORT", "the raft address that others are told, where it is not --raft"),
        new("peers", "ID=HOST:PORT,...", "the founding voters, this node among them; ignored once the node has state"),
        new("join", "URL", "asks the member there to add this node: nonvoter first, voter once it has caught up"),
        new("store", "NAME", StoreNames.Help, StoreNames.Wal),
        new("heartbeat-ms", "N", "how long a follower waits for its leader", "1000"),
        new("election-ms", "N", "how long a candidate waits", "1000"),
        new("lease-ms", "N", "how long a leader goes on without a majority", "500"),
        new("commit-ms", "N", "how soon followers hear of commits without traffic", "50"),
        new("snapshot-threshold", "N", "entries between snapshots", "8192"),
        new("snapshot-interval-ms", "N", "how often to look whether one is due", "120000"),
        new("trailing-logs", "N", "entries kept behind a snapshot", "10240"),
        new("max-append-entries", "N", "entries in one request to a Go server", "64"),
        new("pre-vote", "on|off", "whether candidates ask first whether they could win", "on"),
        new("autopilot", "on|off", "whether this node, when it leads, gives nonvoters their vote once they keep up", "off"),
        new("read-replicas", "ID,ID,...", "nonvoters that an autopilot leaves as they are"),
        new("remove-dead-after-ms", "N", "after how long without an answer an autopilot removes a server; never without it"),
        new("apply-timeout-ms", "N", "after how long a write's outcome is reported as unknown", "5000"),
        new("tls-cert", "FILE", "this node's certificate (PEM), for mutual TLS between nodes; it must name --id"),
        new("tls-key", "FILE", "its private key (PEM)"),
        new("tls-ca", "FILE", "the authorities that certificates of nodes come from (PEM)"),
        new("cluster-id", "NAME", "the cluster's name; nodes that name another are refused"),
        new("log-level", "LEVEL", "trace, debug, information, warning, error, critical or none", "information"),
        new("stop-with-input", "on|off", "whether the end of standard input stops the node", "off") { IsHidden = true },
    ];

    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">Something is wrong.</exception>
    public static NodeOptions Read(ParsedOptions given)
    {
        string id = given.Required("id");
        Refuse(
            given, id.Length > IdLengthMax || !id.All(static c => c is > ' ' and <= '~'),
            $"--id is '{id}'; give 1 to {IdLengthMax} printable ASCII characters without spaces");
        HostPort raft = given.Address("raft");
        HostPort? advertise = given.Has("advertise") ? given.Address("advertise") : null;
        CheckAddresses(given, raft, advertise);
        TimeSpan heartbeat = given.Milliseconds("heartbeat-ms", least: 5);
        // Who sets one timing alone means the others to fit: only what was given can contradict.
        TimeSpan election = given.Has("election-ms")
            ? given.Milliseconds("election-ms", least: 5)
            : Larger(heartbeat, given.Milliseconds("election-ms", least: 5));
        TimeSpan lease = given.Has("lease-ms")
            ? given.Milliseconds("lease-ms", least: 5)
            : Smaller(heartbeat, given.Milliseconds("lease-ms", least: 5));
        Refuse(given, election < heartbeat, "--election-ms is below --heartbeat-ms; give at least as much");
        Refuse(given, lease > heartbeat, "--lease-ms is above --heartbeat-ms; give at most as much");
        string data = given.Required("data");
        string store = StoreNames.Read(given);
        var options = new NodeOptions
        {
            Id = id,
            Raft = raft,
            Advertise = advertise ?? raft,
            Http = given.Address("http"),
            Data = data,
            Peers = given.Text("peers") is { } peers ? Servers(given, "peers", peers, '=') : [],
            Join = given.Has("join") ? AdminClient.ReadTarget(given, "join") : null,
            Store = store,
            Heartbeat = heartbeat,
            Election = election,
            Lease = lease,
            Commit = given.Milliseconds("commit-ms", least: 1),
            MaxAppendEntries = given.Number("max-append-entries", 1, 1024),
            SnapshotThreshold = given.Number("snapshot-threshold", 1, int.MaxValue),
            SnapshotInterval = TimeSpan.FromMilliseconds(given.Number("snapshot-interval-ms", 5, int.MaxValue)),
            TrailingLogs = given.Number("trailing-logs", 0, int.MaxValue),
            PreVote = given.Choice("pre-vote", "on", "off") == "on",
            Autopilot = given.Choice("autopilot", "on", "off") == "on",
            ReadReplicas = (given.Text("read-replicas") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            RemoveDeadAfter = given.Has("remove-dead-after-ms") ? given.Milliseconds("remove-dead-after-ms", least: 5) : null,
            ApplyTimeout = given.Milliseconds("apply-timeout-ms", least: 1),
            Tls = Tls(given),
            ClusterId = ClusterId(given),
            LogLevel = Level(given),
            StopsWithInput = given.Choice("stop-with-input", "on", "off") == "on",
        };
        Refuse(given, options.Raft == options.Http, "--raft and --http are the same address; give each a port of its own");
        Refuse(
            given, options.RemoveDeadAfter is not null && !options.Autopilot,
            "--remove-dead-after-ms is what an autopilot does; give --autopilot on as well");
        Refuse(
            given, options.RemoveDeadAfter < heartbeat * 2,
            "--remove-dead-after-ms is below two heartbeat timeouts, in which nothing need be heard; give far more than a restart takes");
        Refuse(
            given, options.Join is not null && options.Peers.Count > 0,
            "--peers founds a cluster and --join enters one that runs; give one of them");
        Refuse(given, NamesItself(options), "--join names this node itself; give another member's HTTP address");
        return options;
    }

    /// <summary>Whether the member that is to be asked is the node itself.</summary>
    public static bool NamesItself(NodeOptions options) => options.Join?.Authority == options.Http.ToString();

    /// <summary>Reads a list of servers.</summary>
    /// <param name="given">The command line, for the complaint.</param>
    /// <param name="option">The option's name.</param>
    /// <param name="text">The list, with commas between.</param>
    /// <param name="separator">What stands between id and address.</param>
    public static IReadOnlyList<Server> Servers(ParsedOptions given, string option, string text, char separator)
    {
        var servers = new List<Server>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int at = part.IndexOf(separator);
            Refuse(
                given, at <= 0 || !HostPort.TryParse(part[(at + 1)..], out HostPort? address) || address!.Port == 0,
                $"--{option} holds '{part}'; give ID{separator}HOST:PORT, with commas between");
            servers.Add(new Server(part[..at], part[(at + 1)..]));
        }

        try
        {
            new ClusterConfiguration(servers).Validate();
        }
        catch (ArgumentException wrong)
        {
            throw given.Wrong($"--{option}: {wrong.Message}");
        }

        return servers;
    }

    private static void CheckAddresses(ParsedOptions given, HostPort raft, HostPort? advertise)
    {
        Refuse(given, raft.Port == 0, "--raft has port 0; give the port that the other nodes know");
        Refuse(
            given, raft.IsWildcard && advertise is null,
            $"--raft {raft} stands for all addresses of this machine; name the one that others dial with --advertise HOST:PORT");
        Refuse(
            given, advertise is not null && (advertise.IsWildcard || advertise.Port == 0),
            $"--advertise is {advertise}, which nobody can dial; give the address and port that others reach");
    }

    private static TlsFiles? Tls(ParsedOptions given)
    {
        string[] missing = [.. TlsOptions.Where(name => !given.Has(name)).Select(static name => $"--{name}")];
        Refuse(
            given, missing.Length is > 0 and < 3,
            $"{string.Join(" and ", missing)} {(missing.Length == 1 ? "is" : "are")} missing; give all of --tls-cert, --tls-key and --tls-ca, or none");
        return missing.Length == 0
            ? new TlsFiles(given.Required("tls-cert"), given.Required("tls-key"), given.Required("tls-ca")) : null;
    }

    private static string? ClusterId(ParsedOptions given)
    {
        string? name = given.Text("cluster-id");
        Refuse(
            given, name is not null && (name.Length > IdLengthMax || !name.All(static c => c is > ' ' and <= '~')),
            $"--cluster-id is '{name}'; give 1 to {IdLengthMax} printable ASCII characters without spaces");
        return name;
    }

    private static LogLevel Level(ParsedOptions given)
    {
        string level = given.Required("log-level");
        return Enum.TryParse(level, ignoreCase: true, out LogLevel known) && Enum.IsDefined(known) && !char.IsDigit(level[0])
            ? known
            : throw given.Wrong(
                $"--log-level is '{level}'; give trace, debug, information, warning, error, critical or none");
    }

    private static TimeSpan Larger(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Smaller(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static void Refuse(ParsedOptions given, bool wrong, string why)
    {
        if (wrong)
        {
            throw given.Wrong(why);
        }
    }
}
