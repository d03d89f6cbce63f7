using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Cluster;

/// <summary>What a development cluster is started with.</summary>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Data">Where they keep their data, each in a directory of its own.</param>
/// <param name="RaftBasePort">Node <c>i</c> has this port plus <c>i</c> for other nodes.</param>
/// <param name="HttpBasePort">Node <c>i</c> has this port plus <c>i</c> for clients.</param>
/// <param name="Store">The store's name.</param>
internal sealed record ClusterOptions(int Nodes, string Data, int RaftBasePort, int HttpBasePort, string Store)
{
    private const int NodesMax = 99;

    /// <summary>Whether the end of standard input stops the cluster, so that it ends with the process that started it.</summary>
    public bool StopsWithInput { get; init; }

    /// <summary>The options of the command line.</summary>
    public static IReadOnlyList<OptionSpec> Specs { get; } =
    [
        new("nodes", "N", "how many nodes", "3"),
        new("data", "DIR", "where they keep their data", "./raftkv-data"),
        new("raft-base-port", "PORT", "node i listens for others on this port + i", "7000"),
        new("http-base-port", "PORT", "node i listens for clients on this port + i", "8000"),
        new("store", "NAME", StoreNames.Help, StoreNames.Wal),
        new("stop-with-input", "on|off", "whether the end of standard input stops the cluster", "off") { IsHidden = true },
    ];

    /// <summary>The founders, as <c>--peers</c> takes them.</summary>
    public string Peers => string.Join(',', Enumerable.Range(1, Nodes).Select(i => $"{Id(i)}={RaftAddress(i)}"));

    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">Something is wrong.</exception>
    public static ClusterOptions Read(ParsedOptions given)
    {
        int nodes = given.Number("nodes", 1, NodesMax);
        int raft = given.Number("raft-base-port", 0, ushort.MaxValue - nodes);
        int http = given.Number("http-base-port", 0, ushort.MaxValue - nodes);
        if (Math.Abs(raft - http) < nodes)
        {
            throw given.Wrong(
                $"--raft-base-port {raft} and --http-base-port {http} give {nodes} nodes the same ports; keep them further apart");
        }

        return new ClusterOptions(nodes, given.Required("data"), raft, http, StoreNames.Read(given))
        {
            StopsWithInput = given.Choice("stop-with-input", "on", "off") == "on",
        };
    }

    /// <summary>The name of a node, counted from 1.</summary>
    public static string Id(int number) => $"n{number}";

    /// <summary>Where a node listens for others.</summary>
    public string RaftAddress(int number) => $"127.0.0.1:{RaftBasePort + number}";

    /// <summary>Where a node listens for clients.</summary>
    public string HttpAddress(int number) => $"127.0.0.1:{HttpBasePort + number}";

    /// <summary>Where a node keeps its data.</summary>
    public string Directory(int number) => Path.Combine(Data, Id(number));
}
