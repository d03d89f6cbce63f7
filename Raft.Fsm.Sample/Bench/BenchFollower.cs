using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>A follower's process in a benchmark: says where it is, and lives until its standard input ends.</summary>
internal static class BenchFollower
{
    /// <summary>What stands before the address on standard output.</summary>
    public const string AddressPrefix = "follower ";

    // Long enough that a follower never campaigns because the machine is busy: the run is about one leader.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(30);

    /// <summary>Runs the follower.</summary>
    public static async Task<int> RunAsync(ParsedOptions given)
    {
        using var signal = new StopSignal();
        signal.WatchInput();
        await using BenchNode node = await BenchNode.StartAsync(
            given.Required("id"), given.Required("data"), BenchOptions.ReadFollower(given), Heartbeat, others: null, given.Address("listen"));
        await Console.Out.WriteLineAsync(AddressPrefix + node.Address);
        await Task.WhenAny(signal.Requested, node.Raft.Completion);
        return node.Raft.Completion.IsFaulted ? ExitCodes.Fatal : ExitCodes.Success;
    }
}
