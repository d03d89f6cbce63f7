using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Handlers;
using Raft.Mutations;
using Raft.Observability;
using Raft.Roles;
using Raft.Routing;
using Raft.Rpc;
using Raft.Snapshots;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>
/// A node, put together and running: every task with what it owns. The facade holds it; the loop's end ends it.
/// </summary>
internal sealed class NodeCore
{
    private readonly RaftRuntime _runtime;
    private readonly ITransport _transport;
    private readonly TaskGroup _tasks;
    private readonly TaskGroup _fsmTasks;
    private readonly TaskGroup _snapshotTasks;
    private readonly TaskGroup _receiveTasks;
    private readonly TaskGroup _userTasks;
    private readonly TaskGroup _observerTasks;
    private readonly List<TaskGroup> _roleTasks = [];
    private readonly LogWriter _writer;
    private readonly AnswerQueue _answers;
    private readonly ApplyFeeder _feeder;
    private readonly RaftLoop _loop;
    private readonly RoleContext _context;
    private readonly ILogger _logger;
    private readonly ulong _knownCommitIndex;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeCore(
        RaftConfig config, IFsm fsm, RestoreTracker restores, ILogStore logStore, IStableStore stableStore,
        ISnapshotStore snapshotStore, ITransport transport, RecoveredLog recovered, RaftRuntime runtime, RaftMeter meter)
    {
        _runtime = runtime;
        Meter = meter;
        _transport = transport;
        _logger = config.LoggerFactory.CreateLogger("Raft");
        NodeClock clock = meter.Clock;
        Settings = new LiveConfig(config);
        _knownCommitIndex = recovered.CommitIndex;
        ulong snapshotIndex = recovered.Snapshot?.Index ?? 0;
        var board = new NodeBoard
        {
            Term = recovered.Record.Term,
            LastIndex = Math.Max(logStore.LastIndex, snapshotIndex),
            CommitIndex = snapshotIndex,
            AppliedIndex = recovered.Applied.Index,
        };
        var header = new RpcHeader(config.ProtocolVersion, config.LocalId, transport.LocalAddress);
        var promise = new LeasePromise(
            recovered.PromiseMost, runtime.Mutation == Mutation.PromiseForgotten ? default : clock.Now + recovered.PromiseMost);
        var gate = new HeartbeatGate(clock, board, header, Settings, promise, meter.Rpc.ProcessHeartbeat);
        var capabilities = new PeerCapabilities(clock);
        _tasks = new TaskGroup(runtime.LoopScheduler, OnFault);
        _fsmTasks = new TaskGroup(runtime.FsmScheduler, OnFault);
        _snapshotTasks = new TaskGroup(runtime.SnapshotScheduler, OnFault);
        _receiveTasks = new TaskGroup(runtime.UserScheduler, OnFault);
        _userTasks = new TaskGroup(runtime.UserScheduler, OnFault);
        _observerTasks = new TaskGroup(runtime.UserScheduler, OnFault);
        Observers = new ObserverHub(config.LocalId, _observerTasks, _logger);
        Leaderships = new LeadershipNews(config.LeadershipNotifications, _observerTasks);
        Completions = new CompletionRunner(runtime.CompletionScheduler, clock);
        Commands = new CommandPool();
        var applies = new ApplyQueue(config.Limits, clock, Completions);
        var askServer = new AskServer(header, config.AskHandler, _userTasks);
        Inbox = new LoopInbox(applies, gate, capabilities, askServer, Observers, board);
        Questions = new RequestGate(config.Limits.RequestQueueCountMax);
        _writer = new LogWriter(
            logStore, stableStore, clock, Inbox, recovered.Record.Term, meter.Storage, runtime.Mutation);
        var log = new RaftLog(
            logStore, _writer, recovered, config.Limits, runtime.Trace, runtime.Mutation);
        State = new NodeState(
            header, recovered.Record, recovered.Rejoin, log, _writer, recovered.Configurations,
            recovered.Snapshot, gate, board, clock, Observers, runtime.Trace, runtime.Mutation);
        _answers = new AnswerQueue(State, meter.Rpc, runtime.Mutation);
        var sent = new SentCommands(Completions);
        StateMachine = fsm;
        Fsm = new FsmRunner(
            fsm, restores, board, recovered.Applied, Completions, Inbox, config.MaxAppendEntries, runtime.UserScheduler,
            new RestoreWatch(config.LocalId, clock, meter.Fsm.Restore, _logger), sent, meter, runtime.Trace, runtime.Mutation);
        _feeder = new ApplyFeeder(log, Fsm, board, config.Limits, _tasks, meter.Fsm.Enqueue);
        var askProtocol = new AskProtocol(header, transport, capabilities);
        Asks = new AskClient(askProtocol, Completions, _tasks);
        askServer.Library = new LeaderDesk(header, Inbox, config.Limits, Questions).Receive;
        Routes = new NodeRoutes(
            config.LocalId, board, Inbox, Fsm, sent, askProtocol, capabilities, log, Settings, clock, Completions, _tasks, _userTasks,
            _logger);
        Entries = new LogReader(log, Completions, _tasks);
        Board = board;
        Restores = new RestoreClient(
            Inbox, Completions, clock, _userTasks, meter.Leading.RestoreUserSnapshot);
        var random = new NodeRandom(config.Seed ?? CompositionRoot.NewSeed());
        Snapshots = new SnapshotRunner(
            new SnapshotContext(snapshotStore, board, _snapshotTasks, runtime.UserScheduler, meter.Storage), State, Fsm, Completions,
            Settings, clock, random, Inbox, _logger);
        var receiver = new SnapshotReceiver(snapshotStore, _receiveTasks, Inbox, runtime.Mutation);
        _context = new RoleContext(
            Settings, State, Inbox, _answers, new RpcDispatcher(
                State, _answers, gate, receiver, capabilities, config.Limits.SnapshotBytesMax, meter.Rpc, _logger, runtime.Mutation),
            gate, _writer, Fsm, _feeder, Completions, Snapshots, receiver, snapshotStore, transport, capabilities,
            askProtocol, board, clock, random, new DeadlineTimer(clock, Inbox.Wake), NewRoleTasks, Observers, Leaderships, meter,
            _logger, runtime.Trace, runtime.Mutation);
        _loop = new RaftLoop(_context);
    }

    /// <summary>The settings in force.</summary>
    public LiveConfig Settings { get; }

    /// <summary>Who hears what the node does.</summary>
    public ObserverHub Observers { get; }

    /// <summary>Says when the node gains and loses leadership.</summary>
    public LeadershipNews Leaderships { get; }

    /// <summary>What is measured.</summary>
    public RaftMeter Meter { get; }

    /// <summary>What reaches the loop.</summary>
    public LoopInbox Inbox { get; }

    /// <summary>Bounds the questions of callers.</summary>
    public RequestGate Questions { get; }

    /// <summary>Commands to be used again.</summary>
    public CommandPool Commands { get; }

    /// <summary>What tells callers.</summary>
    public CompletionRunner Completions { get; }

    /// <summary>The state machine's task.</summary>
    public FsmRunner Fsm { get; }

    /// <summary>The user's state machine.</summary>
    public IFsm StateMachine { get; }

    /// <summary>What gets callers' reads and commands to where they can be fulfilled.</summary>
    public NodeRoutes Routes { get; }

    /// <summary>What takes snapshots.</summary>
    public SnapshotRunner Snapshots { get; }

    /// <summary>What replaces the cluster's state.</summary>
    public RestoreClient Restores { get; }

    /// <summary>What asks other servers.</summary>
    public AskClient Asks { get; }

    /// <summary>What reads entries for callers.</summary>
    public LogReader Entries { get; }

    /// <summary>What is shown to other tasks.</summary>
    public NodeBoard Board { get; }

    /// <summary>The consensus state. Read by tests and the simulator between steps; changed by the loop only.</summary>
    public NodeState State { get; }

    /// <summary>The last entry handed to the state machine's task.</summary>
    public ulong FedIndex => _feeder.FedIndex;

    /// <summary>Completes when every task has ended, whatever the reason.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when every task has ended; fails with the reason where the node had to stop.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>How long ago the leader was heard, or a vote given; null for never. Any task may read it.</summary>
    public TimeSpan? SinceLastContact => _context.Gate.LastContact is { } at ? _context.Clock.Now - at : null;

    /// <summary>The last status before the end; null while the node runs.</summary>
    public RaftStatus? FinalStatus { get; private set; }

    /// <summary>Starts every task.</summary>
    public void Start()
    {
        _logger.NodeStarted(
            State.LocalId, State.Term, State.Log.LastIndex, State.Log.LastTerm, Math.Max(State.CommitIndex, _knownCommitIndex),
            Board.AppliedIndex, State.Configuration);

        // The transport first: where it cannot start, nothing runs that would write to the stores.
        _transport.Start(Inbox);

        // What was committed before the start is served again without waiting for a leader to say so (W34).
        State.AdvanceCommit(_knownCommitIndex);
        _tasks.Start("log writer", _writer.RunAsync);
        _fsmTasks.Start("state machine", () => Fsm.RunAsync(_fsmTasks.Stopping));
        _tasks.Start("snapshots", Snapshots.RunAsync);
        Routes.Start(_tasks);
        _tasks.Start("main loop", RunLoopAsync);
    }

    private TaskGroup NewRoleTasks()
    {
        // Groups that are empty are let go of; those that are not are waited for when the node stops.
        _roleTasks.RemoveAll(static group => group.Ended.IsCompleted);
        var group = new TaskGroup(_runtime.LoopScheduler, OnFault);
        _roleTasks.Add(group);
        _runtime.Trace?.RoleTasks(_roleTasks.Count);
        return group;
    }

    private void OnFault(string task, Exception fault) => Inbox.Fail(
        fault as RaftFatalException ?? new RaftFatalException($"The task '{task}' failed: {fault.Message}", fault));

    private async Task RunLoopAsync()
    {
        Exception? failure;
        try
        {
            failure = (await _loop.RunAsync()).Failure;
        }
        catch (Exception fault)
        {
            // Between two roles: without its loop the node must end, and say so.
            failure = fault;
        }

        _ = Task.Factory.StartNew(
            () => StopAsync(failure), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _runtime.LoopScheduler);
    }

    /// <summary>
    /// Refuses what comes, fails what waits, closes the transport and waits until every task has ended. A step that
    /// fails does not keep the others from being taken.
    /// </summary>
    private async Task StopAsync(Exception? failure)
    {
        var steps = new StopSteps(failure);
        steps.Take(() => FinalStatus = StatusReport.Of(_context, []) with { State = RaftState.Shutdown, FailureTolerance = null });
        Board.State = RaftState.Shutdown;
        Board.Leader = LeaderView.None;
        Observers.Tell(new RaftStateObservation(RaftState.Shutdown));
        Observers.Close();
        Leaderships.Close();
        _context.Gate.Close();
        Inbox.Close();
        _writer.Stop();
        Fsm.Stop();
        Snapshots.Stop();
        Routes.Stop();
        FailWhatWaits(steps);
        await steps.TakeAsync(() => _transport.DisposeAsync());
        _userTasks.Stop();
        _fsmTasks.Stop();
        await _fsmTasks.Ended;
        await steps.TakeAsync(Fsm.FailWhatWaitsAsync);
        _snapshotTasks.Stop();
        await _snapshotTasks.Ended;
        _receiveTasks.Stop();
        await _receiveTasks.Ended;
        foreach (TaskGroup group in _roleTasks)
        {
            group.Stop();
            await group.Ended;
        }

        _tasks.Stop();
        await _tasks.Ended;
        await _userTasks.Ended;
        _observerTasks.Stop();
        await _observerTasks.Ended;
        steps.Take(Snapshots.FailWhatWaits);
        steps.Take(Routes.FailAll);
        steps.Take(_context.Timer.Dispose);
        steps.Take(Inbox.Applies.Dispose);
        steps.Note(Inbox.Failure);
        steps.Take(() => LogEnd(steps.Failure));
        steps.Take(Meter.Dispose);
        if (steps.Failure is { } reason)
        {
            _stopped.SetException(reason as RaftFatalException ?? new RaftFatalException(reason.Message, reason));

            // Whoever disposes the node without looking at its completion has nothing to observe.
            _ = _stopped.Task.Exception;
        }
        else
        {
            _stopped.SetResult();
        }

        _ended.SetResult();
    }

    private void LogEnd(Exception? failure)
    {
        if (failure is null)
        {
            _logger.NodeStopped(State.LocalId);
        }
        else
        {
            _logger.NodeFailed(State.LocalId, failure.Message, failure);
        }
    }

    private void FailWhatWaits(StopSteps steps)
    {
        var stopped = new RaftShutdownException($"{State.LocalId} was stopped. Nothing was appended.");
        steps.Take(_answers.Drop);
        steps.Take(_context.Dispatcher.Drop);
        while (Inbox.Rpcs.TryRead(out IncomingRpc? rpc) || Inbox.Appends.TryRead(out rpc))
        {
            steps.Take(() => rpc.Respond(null, "the node was stopped"));
        }

        while (Inbox.Requests.TryRead(out LoopRequest? request))
        {
            Completions.Add(request is StatusRequest status && FinalStatus is { } final
                ? status.Succeed(final)
                : request.Fail(stopped));
        }

        while (Inbox.Snapshots.TryRead(out object? news))
        {
            (news as TakenSnapshot)?.Noted.TrySetException(stopped);
            if (news is ReceivedSnapshot received)
            {
                steps.Take(() => received.Rpc.Respond(null, "the node was stopped"));
                _context.Receiver.Close(received.Source);
            }
        }

        foreach (ApplyFuture command in Inbox.Applies.TakeAll())
        {
            Completions.Add(command.Fail(stopped));
        }

        foreach (ApplyFuture command in _feeder.Abandon(aboveIndex: 0))
        {
            Completions.Add(command.Fail(new LeadershipLostException(
                $"{State.LocalId} was stopped after it appended entry {command.Index}. The entry may have been committed, "
                + "and may still be.",
                command.Index, command.Term)));
        }
    }
}
