using System.Net.Sockets;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Http;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Join;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Repair;
using Raft.Stores.Wal;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>
/// <c>raftkv node</c>: a node as a process, from its options to its exit code. What can refuse comes first and changes
/// nothing: ports that are taken and certificates, then the stores; only then is the cluster founded or joined.
/// </summary>
internal sealed class NodeProcess(NodeOptions options, ILoggerFactory logs, RepairNote? repair = null)
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(4);

    private readonly ILogger _logger = logs.CreateLogger("Raft.Sample");

    /// <summary>Runs a node until it is asked to stop, or must.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="repair">Where this ends a repair, its note, which is taken away once the node may start in any other way.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(NodeOptions options, RepairNote? repair = null)
    {
        using var signal = new StopSignal();
        if (options.StopsWithInput)
        {
            signal.WatchInput();
        }

        using var logs = new LineLog(Console.Error, options.LogLevel);
        try
        {
            await new NodeProcess(options, logs, repair).RunAsync(signal.Requested, Console.Out);
            return ExitCodes.Success;
        }
        catch (CorruptStoreException damaged)
        {
            return End(
                ExitCodes.Store, $"the store in {options.Data} refused: {damaged.Message} Where a majority of the other voters runs, this command with "
                + "'repair' in the place of 'node' and --via http://MEMBER in the place of --peers or --join brings it back");
        }
        catch (StoreException refused)
        {
            return End(ExitCodes.Store, $"the store in {options.Data} refused: {refused.Message}");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return End(ExitCodes.Store, $"the store in {options.Data} cannot be used: {refused.Message}");
        }
        catch (RaftException fatal)
        {
            return End(ExitCodes.Fatal, $"node {options.Id} had to stop: {fatal.Message}");
        }
    }

    /// <summary>Runs the node.</summary>
    /// <param name="stop">Completes when it is to stop.</param>
    /// <param name="output">Where the ready line goes.</param>
    public async Task RunAsync(Task stop, TextWriter output)
    {
        RefuseForeignFounders(isBlank: IsBlankDirectory());
        PortCheck.RequireFree(options.Raft.Resolve(), $"--raft {options.Raft}", "another address");
        PortCheck.RequireFree(options.Http.Resolve(), $"--http {options.Http}", "another address");
        IStreamLayer layer = await NodeTransport.LayerAsync(options, logs);
        NodeStores stores = await NodeStores.OpenAsync(options.Store, options.Data, isRepair: repair is not null);
        try
        {
            await RunAsync(layer, stores, stop, output);
        }
        finally
        {
            await InTimeAsync(stores.DisposeAsync().AsTask());
        }
    }

    private async Task RunAsync(IStreamLayer layer, NodeStores stores, Task stop, TextWriter output)
    {
        await using HttpServer http = await ListenAsync();
        // The node closes the transport too; where it never starts, this does. Closing twice is closing once.
        await using ITransport transport = await NodeTransport.ListenAsync(options, layer, logs);
        string httpAddress = HttpAddress(http.Port);
        using var peers = new PeerFigures();
        RaftConfig config = options.RaftConfig(logs, question => LeaderDirectory.Reply(question, httpAddress)) with
        {
            MeterFactory = peers,
        };
        bool isBlank = !await FoundAsync(config, stores);
        HeldTransport? held = isBlank && options.Join is not null ? new HeldTransport(transport) : null;
        var fsm = new KvFsm();
        RaftNode raft = await RaftNode.StartAsync(
            config, fsm, stores.Log, stores.Stable, stores.Snapshots, held ?? transport);
        var node = new KvNode(raft, fsm, stores.Snapshots, httpAddress, options.ApplyTimeout, peers);
        using ClusterJoin? join = options.Join is { } target
            ? new ClusterJoin(node, options.Advertise.ToString(), target, held, options.Heartbeat * 2, repair, _logger) : null;
        using var ending = new CancellationTokenSource();
        Task joining = Task.CompletedTask;
        Task rehearsal = Task.CompletedTask;
        try
        {
            http.Serve(node);
            await output.WriteLineAsync($"raftkv node {options.Id} ready: raft {options.Advertise} http {httpAddress}");
            await output.FlushAsync();
            joining = join?.RunAsync(ending.Token) ?? joining;
            rehearsal = Task.Run(() => Rehearsal.HoldAsync(options, ending.Token), CancellationToken.None);
            if (await Task.WhenAny(stop, raft.Completion) == raft.Completion)
            {
                await raft.Completion;
            }
        }
        finally
        {
            await ending.CancelAsync();
            // The node first: requests under way are told what became of them while clients are still connected.
            await InTimeAsync(raft.StopAsync());
            await joining;
            await InTimeAsync(rehearsal);
        }

        // What failed on the way out is a failure too.
        await raft.Completion;
    }

    private static int End(int exitCode, string message)
    {
        Console.Error.WriteLine(CommandTable.OneLine($"raftkv: {message}"));
        return exitCode;
    }

    private async Task InTimeAsync(Task end)
    {
        try
        {
            await end.WaitAsync(StopPatience);
        }
        catch (TimeoutException)
        {
            // What is not written now was never answered. The process ends all the same, and says how.
            Environment.Exit(End(
                ExitCodes.Fatal, $"node {options.Id} was asked to stop, but its disk does not answer: {options.Data}"));
        }
    }

    private async Task<HttpServer> ListenAsync()
    {
        try
        {
            return await HttpServer.ListenAsync(options.Http.Resolve(), logs);
        }
        catch (Exception failure) when (failure is IOException or SocketException or InvalidOperationException)
        {
            throw new UsageException(
                $"raftkv: cannot listen on --http {options.Http}: {failure.GetBaseException().Message}; "
                + "free it or give another");
        }
    }

    // Others reach us by the host that they know from --advertise where --http names none.
    private string HttpAddress(int port) =>
        new HostPort(options.Http.IsWildcard ? options.Advertise.Host : options.Http.Host, port).ToString();

    /// <summary>Founds the cluster where this node is a founder and has no state yet.</summary>
    /// <returns>Whether the node has state now.</returns>
    private async Task<bool> FoundAsync(RaftConfig config, NodeStores stores)
    {
        if (await RaftNode.HasExistingStateAsync(stores.Log, stores.Stable, stores.Snapshots))
        {
            return true;
        }

        RefuseForeignFounders(isBlank: true);
        if (options.Peers.Count > 0)
        {
            await RefuseSecondFoundingAsync();
            await RaftNode.BootstrapClusterAsync(config, stores.Log, stores.Stable, stores.Snapshots, options.Founders);
            Server self = options.Founders.Find(options.Id)!;
            if (self.Address != options.Advertise.ToString())
            {
                _logger.LogWarning(
                    "--peers gives this node the address {Peers}, but it tells others {Advertise}", self.Address, options.Advertise);
            }
        }

        return options.Peers.Count > 0;
    }

    /// <summary>Refuses to found a cluster beside data of this node that were set aside: it would be a second one of its id.</summary>
    private async Task RefuseSecondFoundingAsync()
    {
        string directory = RealPath.Of(options.Data);
        if (options.Store != StoreNames.Memory && await SetAside.IsThereAsync(directory, new RealDisk()))
        {
            throw new StoreException(
                $"it is empty, and data of this node were set aside beside it ({SetAside.PatternOf(directory)}): its cluster was founded long ago. Start it with "
                + "--join http://MEMBER in the place of --peers. To found another cluster give another --data");
        }
    }

    private bool IsBlankDirectory() =>
        options.Store == StoreNames.Memory || !Directory.Exists(options.Data) || !Directory.EnumerateFileSystemEntries(options.Data).Any();

    private void RefuseForeignFounders(bool isBlank)
    {
        if (isBlank && options.Peers.Count > 0 && options.Founders.Find(options.Id) is null)
        {
            throw new UsageException(
                $"raftkv: --peers does not name this node, {options.Id}; the founders are "
                + $"{string.Join(", ", options.Peers.Select(p => p.Id))}; give the list with this node in it");
        }
    }
}
