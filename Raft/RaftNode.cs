using Raft.Core;
using Raft.Fsm;
using Raft.Loop;
using Raft.Roles;
using Raft.Storage;

namespace Raft;

/// <summary>
/// A server of a Raft cluster: the object that an application holds. Safe to use from any thread; what it returns is
/// completed off the node's loops.
/// </summary>
/// <remarks>
/// The node uses the stores it is given as their only writer; who opened them disposes them, after the node. It owns
/// the transport.
/// </remarks>
public sealed partial class RaftNode : IAsyncDisposable
{
    private readonly NodeCore _core;
    private readonly RaftConfig _config;

    private RaftNode(NodeCore core, RaftConfig config)
    {
        _core = core;
        _config = config;
    }

    /// <summary>
    /// Completes when the node has stopped; fails with <see cref="RaftFatalException"/> where it had to stop by itself.
    /// </summary>
    public Task Completion => _core.Stopped;

    /// <summary>The loop and its state, for tests and the simulator.</summary>
    internal NodeCore Core => _core;

    /// <summary>Starts a server on its stores. It takes part in its cluster, if it knows one, from then on.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="fsm">
    /// The state machine, empty: it gets the newest snapshot, where there is one, and the committed entries behind it.
    /// </param>
    /// <param name="logStore">The log, open.</param>
    /// <param name="stableStore">Term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots.</param>
    /// <param name="transport">The way to the others; the node closes it, also when it cannot start.</param>
    /// <returns>The running server.</returns>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    /// <exception cref="StoreException">What the stores hold cannot be used; nothing was changed.</exception>
    public static Task<RaftNode> StartAsync(
        RaftConfig config, IFsm fsm, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore,
        ITransport transport) =>
        StartAsync(config, fsm, logStore, stableStore, snapshotStore, transport, RaftRuntime.Production());

    /// <summary>
    /// Founds a cluster: writes its configuration as the first entry of this server's log. Only for a new cluster; done
    /// on one of its servers, or on several with the same list.
    /// </summary>
    /// <param name="configuration">The founders, this server among the voters.</param>
    /// <returns>Completes when the configuration is durable here.</returns>
    /// <exception cref="CannotBootstrapException">The server has been part of a cluster, or hears a leader.</exception>
    /// <exception cref="NotVoterException">This server is no voter of the configuration.</exception>
    /// <exception cref="ArgumentException">No cluster can run on the configuration.</exception>
    public Task BootstrapClusterAsync(ClusterConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        configuration.Validate();
        var request = new BootstrapRequest(configuration);
        return Put(request, request.Future);
    }

    /// <summary>
    /// Lets a server that lost its disk take part again under the id that it had. It was removed after its disk was lost, and
    /// that is committed; no other server may reach it before this has completed.
    /// </summary>
    /// <remarks>See <see cref="RejoinClusterAsync(RaftConfig, ILogStore, IStableStore, ISnapshotStore, ulong, ulong)"/>.</remarks>
    /// <param name="removalIndex">The index that <see cref="RemoveServerAsync"/> returned on the leader.</param>
    /// <param name="removalTerm">The term that it returned.</param>
    /// <returns>Completes when that is durable here.</returns>
    /// <exception cref="CannotRejoinException">
    /// The server has a log, hears a leader, or rejoined by a later removal.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The index or the term is 0.</exception>
    public Task RejoinClusterAsync(ulong removalIndex, ulong removalTerm)
    {
        ArgumentOutOfRangeException.ThrowIfZero(removalIndex);
        ArgumentOutOfRangeException.ThrowIfZero(removalTerm);
        var request = new RejoinRequest(new RejoinPoint(removalIndex, removalTerm));
        return Put(request, request.Future);
    }

    /// <summary>
    /// Replicates a command and applies it to the state machine. A server that does not lead sends it to the leader, unless that is
    /// disabled (<see cref="RaftConfig.DisableProposalForwarding"/>).
    /// </summary>
    /// <param name="command">The command; its bytes must not change until the call completes.</param>
    /// <param name="timeout">
    /// How long to wait for a place in the apply queue; zero or infinite for ever. Of a command that is sent to the leader: until it
    /// is appended there, at most <see cref="RaftConfig.LeaderWaitTimeout"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not the command: an appended entry may still commit.</param>
    /// <returns>
    /// Where the command stands and what the state machine answered, once it is applied on this server. To be awaited once, since
    /// what stands behind it is used for another command then: a second await throws <see cref="InvalidOperationException"/>, and one
    /// long after may take another command's outcome. For more than one await, for <c>Task.WhenAll</c>, and to look whether it is
    /// done, take its <c>AsTask()</c>.
    /// </returns>
    /// <exception cref="NotLeaderException">
    /// Nothing was appended; <see cref="Leader"/> says who leads, if known. Where commands are sent on: no leader took it in time.
    /// </exception>
    /// <exception cref="EntryOvertakenException">Not done, and never will be: a later leader put another entry in its place.</exception>
    /// <exception cref="EnqueueTimeoutException">Nothing was appended: no place in the queue in time.</exception>
    /// <exception cref="EntryTooLargeException">Nothing was appended: see <see cref="RaftLimits.EntryBytesMax"/>.</exception>
    /// <exception cref="RaftShutdownException">Nothing was appended: the node was stopped.</exception>
    /// <exception cref="LeadershipLostException">The outcome is unknown: the entry may have been committed, and may still be.</exception>
    /// <exception cref="OperationCanceledException">The outcome is unknown.</exception>
    public ValueTask<ApplyResult> ApplyAsync(
        ReadOnlyMemory<byte> command, TimeSpan timeout = default, CancellationToken cancellationToken = default)
    {
        return ApplyLogAsync(command, extensions: default, timeout, cancellationToken);
    }

    /// <summary>
    /// Replicates a command with bytes beside it, which the state machine finds in <see cref="LogEntry.Extensions"/>: room for
    /// what stands between the application and its state machine, such as the parts of a large command.
    /// </summary>
    /// <param name="data">The command; its bytes must not change until the call completes.</param>
    /// <param name="extensions">The bytes beside it, likewise.</param>
    /// <param name="timeout">As for <see cref="ApplyAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the command: an appended entry may still commit.</param>
    /// <returns>As of <see cref="ApplyAsync"/>, to be awaited once likewise.</returns>
    /// <exception cref="RaftException">As for <see cref="ApplyAsync"/>.</exception>
    public ValueTask<ApplyResult> ApplyLogAsync(
        ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions, TimeSpan timeout = default,
        CancellationToken cancellationToken = default)
    {
        _core.Meter.Apply?.Add(1);
        if (WhyTooLarge((long)data.Length + extensions.Length) is { } tooLarge)
        {
            return ValueTask.FromException<ApplyResult>(tooLarge);
        }

        // What may be sent to a leader, or given up by its caller, can still be held here when the caller has its answer.
        if (State != RaftState.Leader || cancellationToken.CanBeCanceled)
        {
            return new ValueTask<ApplyResult>(
                Enqueue(new ApplyTask(LogType.Command, data, extensions), timeout, cancellationToken));
        }

        PooledCommand command = _core.Commands.Take(data, extensions);
        return Admit(_core.Inbox.Applies.Add(command, timeout)) is { } refusal
            ? ValueTask.FromException<ApplyResult>(refusal)
            : command.Outcome;
    }

    /// <summary>Waits until everything that was appended before is applied on this server, which must lead.</summary>
    /// <param name="timeout">How long to wait for a place in the apply queue; zero or infinite for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The barrier's own place in the log.</returns>
    /// <exception cref="RaftException">As for <see cref="ApplyAsync"/>.</exception>
    public Task<ApplyResult> BarrierAsync(TimeSpan timeout = default, CancellationToken cancellationToken = default)
    {
        _core.Meter.Barrier?.Add(1);
        return Enqueue(new ApplyTask(LogType.Barrier, default), timeout, cancellationToken);
    }

    /// <summary>Asks a majority whether this server still leads; only answers to requests sent from now on count.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when a majority confirmed it.</returns>
    /// <exception cref="NotLeaderException">This server does not lead, or ceased to before it was confirmed.</exception>
    public Task VerifyLeaderAsync(CancellationToken cancellationToken = default)
    {
        _core.Meter.VerifyLeader?.Add(1);
        var request = new VerifyRequest();
        return Put(request, request.Future).WaitAsync(cancellationToken);
    }

    /// <summary>Asks another server's application; only servers of this library know the question.</summary>
    /// <param name="id">The server.</param>
    /// <param name="address">Its address, as a configuration or <see cref="Leader"/> names it.</param>
    /// <param name="question">The question, which the other side's <see cref="RaftConfig.AskHandler"/> understands.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="TransportException">No answer; or the server is a Go server, which does not know questions.</exception>
    /// <exception cref="RemoteRpcException">The other application failed to answer.</exception>
    public Task<ReadOnlyMemory<byte>> AskAsync(ServerId id, ServerAddress address, ReadOnlyMemory<byte> question) =>
        Put(new RequestFuture<ReadOnlyMemory<byte>>(), id, address, question);

    /// <summary>Reads entries of this server's log, committed or not.</summary>
    /// <param name="fromIndex">The first index wanted; where the log begins later, it starts there.</param>
    /// <param name="throughIndex">The last index wanted; the log may end before.</param>
    /// <param name="countMax">The most entries wanted, at least 1; entries of many bytes may be fewer.</param>
    /// <returns>Consecutive entries, lowest index first; none where the log holds none of the range.</returns>
    /// <exception cref="StoreException">The store could not read them.</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task<IReadOnlyList<LogEntry>> ReadLogAsync(ulong fromIndex, ulong throughIndex, int countMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        var future = new RequestFuture<IReadOnlyList<LogEntry>>();
        return Ask(future, () => _core.Entries.TryRead(fromIndex, throughIndex, countMax, future));
    }

    /// <summary>Stops the server: callers that wait are told, the transport is closed, nothing more is written.</summary>
    /// <remarks>To be awaited, not blocked on, from code that the node calls: its task is one of those that must end.</remarks>
    /// <returns>Completes when every task has ended. The stores may be disposed then.</returns>
    public Task ShutdownAsync()
    {
        _core.Inbox.RequestStop();
        return _core.Ended;
    }

    /// <summary>
    /// Stops the server as <see cref="ShutdownAsync"/> does, for planned maintenance: one that leads takes no more commands, hands its
    /// leadership over to the voter that is best prepared, and stops then, or after an election timeout if nobody takes it.
    /// </summary>
    /// <param name="cancellationToken">Ends the handing over: the server stops at once then.</param>
    /// <returns>Completes when every task has ended. The stores may be disposed then.</returns>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        _core.Inbox.RequestStop(isPlanned: true);
        cancellationToken.UnsafeRegister(static inbox => ((LoopInbox)inbox!).RequestStop(), _core.Inbox);
        return _core.Ended;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(ShutdownAsync());

    private Task<ApplyResult> Enqueue(ApplyTask future, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ApplyResult>(cancellationToken);
        }

        return Enter(future, timeout) is { } refusal
            ? Task.FromException<ApplyResult>(refusal)
            : future.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets a command in: here where this server leads, otherwise to be sent to the leader.</summary>
    /// <returns>Why it is not let in; null where it is.</returns>
    private RaftException? Enter(RoutedFuture future, TimeSpan timeout)
    {
        RaftState state = State;
        if (state == RaftState.Shutdown)
        {
            return WasStopped();
        }

        bool isSent = state != RaftState.Leader;
        if (isSent && (future.Type != LogType.Command || _config.DisableProposalForwarding))
        {
            return NotLeader();
        }

        return Admit(isSent ? _core.Routes.Commands.Add(future, timeout) : _core.Inbox.Applies.Add(future, timeout));
    }

    private RaftException? Admit(ApplyQueue.Entry entry)
    {
        switch (entry)
        {
            case ApplyQueue.Entry.Taken:
                _core.Inbox.Wake.Set();
                return null;
            case ApplyQueue.Entry.Full:
                return new EnqueueTimeoutException(
                    "As many callers wait for a place already as may (RaftLimits.ApplyWaitersMax and ApplyWaitersBytesMax). Nothing was "
                    + "appended: try again later.");
            default:
                return WasStopped();
        }
    }

    private EntryTooLargeException? WhyTooLarge(long bytes) => bytes <= _config.Limits.EntryBytesMax ? null : new EntryTooLargeException(
        $"The command has {bytes} bytes; an entry takes at most {_config.Limits.EntryBytesMax}. Nothing was appended.");

    private Task<T> Put<T>(LoopRequest request, RequestFuture<T> future) =>
        Ask(future, () => _core.Inbox.TryAdd(request));

    private Task<ReadOnlyMemory<byte>> Put(
        RequestFuture<ReadOnlyMemory<byte>> future, ServerId id, ServerAddress address, ReadOnlyMemory<byte> question) =>
        Ask(future, () => State != RaftState.Shutdown && _core.Asks.TryAsk(new Server(id, address), question, future));

    /// <summary>Lets a question in, if there is room for it and the node still runs.</summary>
    private Task<T> Ask<T>(RequestFuture<T> future, Func<bool> add)
    {
        if (!_core.Questions.TryEnter())
        {
            return Task.FromException<T>(new EnqueueTimeoutException(
                $"{_config.Limits.RequestQueueCountMax} questions wait for this node already. Nothing was done: try again later."));
        }

        future.Gate = _core.Questions;
        if (add())
        {
            return future.Task;
        }

        _core.Questions.Leave();
        return Task.FromException<T>(WasStopped());
    }

    private NotLeaderException NotLeader()
    {
        LeaderView leader = _core.Board.Leader;
        return new NotLeaderException(leader.IsKnown && leader.Id != Id
            ? $"{Id} does not lead; ask {leader.Id} at {leader.Address}. Nothing was appended."
            : $"{Id} does not lead, and no leader is known now. Nothing was appended.");
    }

    private RaftShutdownException WasStopped() => new($"{Id} was stopped. Nothing was appended.");
}
