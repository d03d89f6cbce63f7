using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Roles;
using Raft.Rpc;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>What gets callers' reads, commands and wishes to where they can be fulfilled. Made once, with the node.</summary>
internal sealed class NodeRoutes
{
    private readonly Autopilot _autopilot;
    private readonly AutopilotConfig? _plan;

    /// <summary>Makes all.</summary>
    /// <param name="self">This server.</param>
    /// <param name="board">What the node shows.</param>
    /// <param name="inbox">The loop's.</param>
    /// <param name="fsm">The state machine's task.</param>
    /// <param name="sent">The commands whose fate shows there.</param>
    /// <param name="asks">The way to the leader.</param>
    /// <param name="capabilities">Which servers are of this library.</param>
    /// <param name="log">The log; read on the loop scheduler.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="completions">What tells callers.</param>
    /// <param name="tasks">The tasks of the loop scheduler.</param>
    /// <param name="userTasks">The tasks that may run callers' code.</param>
    /// <param name="logger">Where is told what is done unasked.</param>
    public NodeRoutes(
        ServerId self, NodeBoard board, LoopInbox inbox, FsmRunner fsm, SentCommands sent, AskProtocol asks,
        PeerCapabilities capabilities, RaftLog log, LiveConfig settings, NodeClock clock, CompletionRunner completions, TaskGroup tasks,
        TaskGroup userTasks, ILogger logger)
    {
        Reads = new ReadRouter(self, board, inbox, fsm, asks, settings, clock, completions, tasks);
        var wake = new WakeSignal();
        Commands = new CommandForwarder(
            self, board, inbox, fsm, sent, asks, capabilities, settings, clock, completions, tasks, new LeaderProbe(asks, tasks, wake), wake);
        Fates = new FateResolver(log, Reads, settings, clock, completions, tasks);
        var members = new MemberPort(inbox, settings, clock, userTasks);
        Additions = new ServerAddition(members, settings, clock, completions, userTasks);
        _autopilot = new Autopilot(members, Additions, settings, clock, tasks, logger);
        _plan = settings.Current.Autopilot;
    }

    /// <summary>Finds out how far reads must wait.</summary>
    public ReadRouter Reads { get; }

    /// <summary>Sends commands to the leader.</summary>
    public CommandForwarder Commands { get; }

    /// <summary>Finds out what became of commands.</summary>
    public FateResolver Fates { get; }

    /// <summary>Brings servers into the cluster.</summary>
    public ServerAddition Additions { get; }

    /// <summary>Starts the tasks.</summary>
    public void Start(TaskGroup tasks)
    {
        tasks.Start("reads", Reads.RunAsync);
        tasks.Start("commands for the leader", Commands.RunAsync);
        if (_plan is not null)
        {
            tasks.Start("autopilot", () => _autopilot.RunAsync(_plan));
        }
    }

    /// <summary>Ends them.</summary>
    public void Stop()
    {
        Reads.Stop();
        Commands.Stop();
    }

    /// <summary>Fails what still waits; for tasks that have ended.</summary>
    public void FailAll()
    {
        Reads.FailAll();
        Commands.FailAll();
    }
}
