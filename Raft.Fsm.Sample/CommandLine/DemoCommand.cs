using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>The command line of the raft-demo walk-through, which runs here unchanged.</summary>
internal static class DemoCommand
{
    /// <summary>The options.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("http_addr", "HOST:PORT", "where to listen for clients") { IsRequired = true },
        new("raft_addr", "HOST:PORT", "where to listen for other nodes") { IsRequired = true },
        new("raft_id", "ID", "the node's name") { IsRequired = true },
        new("raft_cluster", "ID/HOST:PORT,...", "the founding voters, this node among them") { IsRequired = true },
    ];

    /// <summary>Whether a command line without a command is of this kind.</summary>
    public static bool IsMeant(ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            foreach (OptionSpec option in Options)
            {
                if (word == $"--{option.Name}" || word.StartsWith($"--{option.Name}=", StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">Something is wrong.</exception>
    public static NodeOptions Read(ParsedOptions given)
    {
        string id = given.Required("raft_id");
        HostPort raft = given.Address("raft_addr");
        if (raft.Port == 0 || raft.IsWildcard)
        {
            throw given.Wrong($"--raft_addr is {raft}; give the address and port that the other nodes know");
        }

        if (id.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            throw given.Wrong($"--raft_id is '{id}'; it names a directory, so give one without slashes");
        }

        return new NodeOptions
        {
            Id = id,
            Raft = raft,
            Advertise = raft,
            Http = given.Address("http_addr"),
            Data = Path.Combine("node", $"raft_{id}"),
            Peers = NodeCommand.Servers(given, "raft_cluster", given.Required("raft_cluster"), '/'),
        };
    }
}
