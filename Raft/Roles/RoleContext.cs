using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Handlers;
using Raft.Mutations;
using Raft.Observability;
using Raft.Rpc;
using Raft.Snapshots;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Roles;

/// <summary>What every role works with. Made once, when the node is put together.</summary>
/// <param name="Settings">The settings, which may be reloaded.</param>
/// <param name="State">The consensus state.</param>
/// <param name="Inbox">What reaches the loop.</param>
/// <param name="Answers">Answers that wait for the disk.</param>
/// <param name="Dispatcher">The handlers.</param>
/// <param name="Gate">The time of last contact.</param>
/// <param name="Writer">The disk.</param>
/// <param name="Fsm">The state machine's task.</param>
/// <param name="Feeder">What hands entries to it.</param>
/// <param name="Completions">What tells callers.</param>
/// <param name="Snapshots">What takes snapshots.</param>
/// <param name="Receiver">What receives them.</param>
/// <param name="SnapshotStore">Where they are.</param>
/// <param name="Transport">The way to others.</param>
/// <param name="Capabilities">Which servers are of this library.</param>
/// <param name="Asks">What finds that out.</param>
/// <param name="Board">What is shown to other tasks.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Random">The random source.</param>
/// <param name="Timer">The loop's one timer.</param>
/// <param name="NewTasks">Makes a group for the tasks of one leadership or campaign.</param>
/// <param name="Observers">Who hears what the node does.</param>
/// <param name="Leaderships">Says when the node gains and loses leadership.</param>
/// <param name="Meter">What is measured.</param>
/// <param name="Logger">The log.</param>
/// <param name="Trace">Hears what the node does; null in production.</param>
/// <param name="Mutation">The bug planted in the node; none in production.</param>
internal sealed record RoleContext(
    LiveConfig Settings, NodeState State, LoopInbox Inbox, AnswerQueue Answers, RpcDispatcher Dispatcher,
    HeartbeatGate Gate, LogWriter Writer, FsmRunner Fsm, ApplyFeeder Feeder, CompletionRunner Completions,
    SnapshotRunner Snapshots, SnapshotReceiver Receiver, ISnapshotStore SnapshotStore, ITransport Transport, PeerCapabilities Capabilities, AskProtocol Asks, NodeBoard Board, NodeClock Clock,
    NodeRandom Random, DeadlineTimer Timer, Func<TaskGroup> NewTasks, ObserverHub Observers, LeadershipNews Leaderships,
    RaftMeter Meter, ILogger Logger,
    IRaftTrace? Trace, Mutation Mutation)
{
    /// <summary>The settings in force.</summary>
    public RaftConfig Config => Settings.Current;

    /// <summary>How long the disk has been busy with the write under way.</summary>
    public TimeSpan DiskBusyFor => Writer.BusySince is { } since ? Clock.Now - since : TimeSpan.Zero;

    /// <summary>Whether that is too long to lead or to campaign (W7).</summary>
    public bool IsDiskStalled => DiskBusyFor >= Config.DiskStall;

    /// <summary>Goes by other settings from now on. Called by the loop.</summary>
    /// <returns>The settings before.</returns>
    public RaftConfig Reload(ReloadableConfig next)
    {
        RaftConfig before = Config;
        Settings.Current = next.ApplyTo(before);
        Logger.ConfigReloaded(State.LocalId, next);
        Snapshots.Reload();
        State.IsCompactionDue |= next.TrailingLogs != before.TrailingLogs;
        return before;
    }

    /// <summary>A refusal that says who leads.</summary>
    public NotLeaderException NotLeader() => new(
        State.Leader.IsKnown && State.Leader.Id != State.LocalId
            ? $"{State.LocalId} does not lead; ask {State.Leader.Id} at {State.Leader.Address}. Nothing was appended."
            : $"{State.LocalId} does not lead, and no leader is known now. Nothing was appended.");
}
