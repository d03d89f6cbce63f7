using System.Net;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Cluster;

/// <summary>
/// <c>raftkv cluster</c>: starts the nodes, says where they are and how their roles change, and stops them all. A node
/// that ends is reported and not restarted: what happened to it is for the developer to see.
/// </summary>
internal sealed class ClusterSupervisor(ClusterOptions options, TextWriter output, TextWriter errors)
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(8);

    // Nodes write from tasks of their own.
    private readonly TextWriter _output = TextWriter.Synchronized(output);
    private readonly TextWriter _errors = TextWriter.Synchronized(errors);

    /// <summary>Runs the cluster until it is asked to stop, or all nodes have ended.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        using var signal = new StopSignal();
        if (options.StopsWithInput)
        {
            signal.WatchInput();
        }

        RequireFreePorts(options);
        ClusterIdentity.Claim(options);
        PrintTable();
        ClusterNode[] nodes =
            [.. Enumerable.Range(1, options.Nodes).Select(i => ClusterNode.Start(options, i, _output, _errors))];
        try
        {
            Task<ClusterNode?> misused = FirstMisusedAsync(nodes);
            await Task.WhenAny(misused, signal.Requested);
            if (!signal.Requested.IsCompleted && await misused is { } failed)
            {
                // An address that is taken is a mistake to mend; the other nodes would only hide it.
                await _errors.WriteLineAsync(failed.LastLine ?? $"raftkv: node {failed.Id} could not be started");
                return ExitCodes.Usage;
            }

            await Task.WhenAny(Task.WhenAll(nodes.Select(n => ReportEndAsync(n, signal.Requested))), signal.Requested);
            return signal.Requested.IsCompleted ? ExitCodes.Success : nodes.Max(n => ExitCodes.OfNode(n.Ended.Result));
        }
        finally
        {
            await Task.WhenAll(nodes.Select(n => n.StopAsync(StopPatience)));
            foreach (ClusterNode node in nodes)
            {
                node.Dispose();
            }
        }
    }

    /// <summary>A cluster is founded by all of its nodes or by none: where one cannot listen, none is started.</summary>
    internal static void RequireFreePorts(ClusterOptions options)
    {
        for (int i = 1; i <= options.Nodes; i++)
        {
            PortCheck.RequireFree(
                IPEndPoint.Parse(options.RaftAddress(i)), options.RaftAddress(i), "another --raft-base-port");
            PortCheck.RequireFree(
                IPEndPoint.Parse(options.HttpAddress(i)), options.HttpAddress(i), "another --http-base-port");
        }
    }

    /// <returns>The first node that could not be started as it was told to; null where all can.</returns>
    private static async Task<ClusterNode?> FirstMisusedAsync(ClusterNode[] nodes)
    {
        foreach (ClusterNode node in nodes)
        {
            await Task.WhenAny(node.Ready, node.Ended);
            if (!node.Ready.IsCompleted && await node.Ended == ExitCodes.Usage)
            {
                return node;
            }
        }

        return null;
    }

    private async Task ReportEndAsync(ClusterNode node, Task stopping)
    {
        int exitCode = await node.Ended;
        if (!stopping.IsCompleted)
        {
            await _output.WriteLineAsync(
                $"{node.Id} ended with exit code {exitCode}{(node.LastLine is { } why ? $": {why}" : "")}");
        }
    }

    private void PrintTable()
    {
        _output.WriteLine($"{"node",-6}{"http",-24}{"raft",-18}data");
        for (int i = 1; i <= options.Nodes; i++)
        {
            _output.WriteLine(
                $"{ClusterOptions.Id(i),-6}{"http://" + options.HttpAddress(i),-24}{options.RaftAddress(i),-18}{options.Directory(i)}");
        }

        _output.WriteLine($"\nTry: curl -X PUT http://{options.HttpAddress(1)}/kv/greeting -d hello    Stop with Ctrl-C.\n");
    }
}
