using System.CommandLine;
using Raft.Bench.Allocations;
using Raft.Bench.Flow;
using Raft.Bench.Peers;
using Raft.Bench.Stores;

namespace Raft.Bench;

/// <summary>The command line. Each command puts alternatives side by side in one run; only their ratios carry over to other machines.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        var root = new RootCommand("Benchmarks that put alternatives side by side in one run.")
        {
            PeersCommand.Create(),
            FlowCommand.Create(),
            AllocationsCommand.Create(),
            StoresCommand.Create(),
            StoreMeasurement.CreateCommand(),
        };
        return root.Parse(args).InvokeAsync();
    }
}
