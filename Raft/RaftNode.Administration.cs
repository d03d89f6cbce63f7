using Raft.Fsm;
using Raft.Membership;
using Raft.Roles;

namespace Raft;

/// <content>Members, leadership and snapshots.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Adds a server that votes, promotes one that does not, or gives a voter another address. On the leader only. A new
    /// server counts for majorities at once, though its log is empty: add it as a nonvoter first and let it catch up.
    /// </summary>
    /// <param name="id">The server.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="previousIndex">
    /// Where the configuration stands that the change is meant for (<see cref="RaftStatus.ConfigurationIndex"/>); another
    /// one in force refuses it. 0 for whichever is in force.
    /// </param>
    /// <param name="timeout">
    /// How long to wait until the leader can take the change: there is one at a time, and none before the leader has
    /// committed an entry of its term. Zero or infinite for ever.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="NotLeaderException">Nothing was appended; <see cref="Leader"/> says who leads, if known.</exception>
    /// <exception cref="ConfigurationChangeException">Nothing was appended: no cluster can run on the result, or another configuration is in force.</exception>
    /// <exception cref="LeadershipTransferInProgressException">Nothing was appended: try again soon.</exception>
    /// <exception cref="EnqueueTimeoutException">Nothing was appended: the leader could not take it in time.</exception>
    /// <exception cref="LeadershipLostException">The outcome is unknown.</exception>
    public Task<ApplyResult> AddVoterAsync(
        ServerId id, ServerAddress address, ulong previousIndex = 0, TimeSpan timeout = default,
        CancellationToken cancellationToken = default) =>
        Change(ConfigurationChangeKind.AddVoter, id, address, previousIndex, timeout, cancellationToken);

    /// <summary>
    /// Adds a server that receives the log and does not vote (a learner); a member only gets the address. On the leader only.
    /// </summary>
    /// <param name="id">The server.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="previousIndex">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="timeout">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="RaftException">As for <see cref="AddVoterAsync"/>.</exception>
    public Task<ApplyResult> AddNonvoterAsync(
        ServerId id, ServerAddress address, ulong previousIndex = 0, TimeSpan timeout = default,
        CancellationToken cancellationToken = default) =>
        Change(ConfigurationChangeKind.AddNonvoter, id, address, previousIndex, timeout, cancellationToken, protocolMin: 3);

    /// <summary>
    /// Takes the vote from a server, which stays a member. On the leader only; a leader that demotes itself hands its
    /// leadership over once the change is committed.
    /// </summary>
    /// <param name="id">The server; one that is no member is no error.</param>
    /// <param name="previousIndex">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="timeout">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="RaftException">As for <see cref="AddVoterAsync"/>.</exception>
    public Task<ApplyResult> DemoteVoterAsync(
        ServerId id, ulong previousIndex = 0, TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        Change(ConfigurationChangeKind.Demote, id, default, previousIndex, timeout, cancellationToken, protocolMin: 3);

    /// <summary>
    /// Removes a server. On the leader only; a leader that removes itself hands its leadership over once the change is
    /// committed, and goes on running as a server without a cluster.
    /// </summary>
    /// <param name="id">The server; one that is no member is no error.</param>
    /// <param name="previousIndex">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="timeout">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="RaftException">As for <see cref="AddVoterAsync"/>.</exception>
    public Task<ApplyResult> RemoveServerAsync(
        ServerId id, ulong previousIndex = 0, TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        Change(ConfigurationChangeKind.Remove, id, default, previousIndex, timeout, cancellationToken);

    /// <summary>
    /// Hands the leadership over (thesis 3.10): lets a voter catch up and tells it to campaign. Commands are refused with
    /// <see cref="LeadershipTransferInProgressException"/> meanwhile, for an election timeout at most.
    /// </summary>
    /// <param name="target">The voter that is to lead; by default the one that is best prepared.</param>
    /// <param name="cancellationToken">Ends the wait, not the transfer.</param>
    /// <returns>The server that was told to campaign, once this one has stepped down for a newer term.</returns>
    /// <exception cref="NotLeaderException">This server does not lead.</exception>
    /// <exception cref="LeadershipTransferInProgressException">One is under way already.</exception>
    /// <exception cref="LeadershipTransferException">It did not come about; this server leads on, unless it lost its leadership.</exception>
    /// <exception cref="ArgumentException">The target is no member, no voter, or this server itself.</exception>
    public Task<ServerId> TransferLeadershipAsync(
        ServerId target = default, CancellationToken cancellationToken = default)
    {
        if (_config.ProtocolVersion < 3)
        {
            return Task.FromException<ServerId>(new UnsupportedProtocolException(
                $"Leadership is not handed over in protocol version {_config.ProtocolVersion}, which {Id} speaks. Nothing was done."));
        }

        var request = new TransferRequest(target);
        return Put(request, request.Future).WaitAsync(cancellationToken);
    }

    /// <summary>Takes a snapshot of the state machine now, on this server. The log then lets go of what it covers.</summary>
    /// <param name="cancellationToken">Ends the wait, not the snapshot.</param>
    /// <returns>What is known of the snapshot, once it is durable.</returns>
    /// <exception cref="NothingNewToSnapshotException">The newest snapshot covers everything that was applied.</exception>
    /// <exception cref="RaftException">A user's restore is under way, whose pieces must stay in the log; try again soon.</exception>
    /// <exception cref="StoreException">The snapshot store failed; the node goes on.</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task<SnapshotMeta> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var future = new RequestFuture<SnapshotMeta>();
        return Ask(future, () => _core.Snapshots.TryAsk(future)).WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Replaces the state of the whole cluster by one that was written by <see cref="IFsmSnapshot.PersistAsync"/>, of this
    /// cluster or another. On the leader only. The new state goes through the log: commands before its last entry are
    /// gone with the old state, those behind apply to the new one, on every server.
    /// </summary>
    /// <remarks>
    /// The log holds the new state until the next snapshot. All voters must be of this library: Go servers do not know
    /// such entries (docs/divergence.md). Until it is done no server takes a snapshot.
    /// </remarks>
    /// <param name="snapshot">
    /// The new state; read from a task of the node until the call completes, not disposed. Its reads are cancelled when the
    /// node stops; <see cref="ShutdownAsync"/> waits for one that does not heed that.
    /// </param>
    /// <param name="size">How many bytes it has.</param>
    /// <param name="timeout">How long each piece may wait for a place in the apply queue; zero or infinite for ever.</param>
    /// <param name="cancellationToken">Ends the wait, not the restore.</param>
    /// <returns>Where the new state came into force, once it has on this server.</returns>
    /// <exception cref="NotLeaderException">Nothing was changed.</exception>
    /// <exception cref="ArgumentException">There are more bytes or fewer; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">The state machine refused the bytes; nothing was changed.</exception>
    /// <exception cref="UnsupportedProtocolException">A voter is not known to be of this library; nothing was changed.</exception>
    /// <exception cref="RestoreOvertakenException">
    /// Another restore began, or a leadership ended, before this one was whole; nothing was changed.
    /// </exception>
    /// <exception cref="EnqueueTimeoutException">An entry found no place in time; nothing was changed.</exception>
    /// <exception cref="LeadershipTransferInProgressException">Nothing was changed: try again soon.</exception>
    /// <exception cref="RaftShutdownException">The node was stopped; nothing was changed.</exception>
    /// <exception cref="LeadershipLostException">The outcome is unknown.</exception>
    public Task<ApplyResult> RestoreAsync(
        Stream snapshot, long size, TimeSpan timeout = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        _core.Meter.Restore?.Add(1);
        if (State != RaftState.Leader)
        {
            return Task.FromException<ApplyResult>(State == RaftState.Shutdown ? WasStopped() : NotLeader());
        }

        var future = new RequestFuture<ApplyResult>();
        return Ask(future, () => _core.Restores.TryBegin(snapshot, size, timeout, future)).WaitAsync(cancellationToken);
    }

    /// <summary>The settings in force of those that can be reloaded.</summary>
    public ReloadableConfig ReloadableConfig => ReloadableConfig.Of(_core.Settings.Current);

    /// <summary>
    /// Replaces settings while the node runs. Timeouts that are waited for are drawn again, so a shorter one takes effect at
    /// once. Where a cluster gets longer heartbeat timeouts, its followers go first: the leader beats by its own.
    /// </summary>
    /// <param name="config">All of them, those that stay as they are included.</param>
    /// <returns>Completes when they are in force.</returns>
    /// <exception cref="ArgumentException">One is out of its range, or does not go with the others; nothing was changed.</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task ReloadConfigAsync(ReloadableConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.ApplyTo(_config).Validate();
        var request = new ReloadRequest(config);
        return Put(request, request.Future);
    }

    /// <summary>Adds a voter whose id is its address. For clusters of protocol version 2.</summary>
    /// <param name="peer">Where it is reached.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="UnsupportedProtocolException">This server speaks version 3: use <see cref="AddVoterAsync"/>.</exception>
    /// <exception cref="RaftException">As for <see cref="AddVoterAsync"/>.</exception>
    [Obsolete("Use AddVoterAsync.")]
    public Task<ApplyResult> AddPeerAsync(ServerAddress peer) =>
        Change(ConfigurationChangeKind.AddVoter, new ServerId(peer.Value), peer, 0, default, default, protocolMax: 2);

    /// <summary>Removes a server whose id is its address. For clusters of protocol version 2.</summary>
    /// <param name="peer">Where it is reached.</param>
    /// <returns>Where the new configuration stands, once it is committed and passed here.</returns>
    /// <exception cref="UnsupportedProtocolException">This server speaks version 3: use <see cref="RemoveServerAsync"/>.</exception>
    /// <exception cref="RaftException">As for <see cref="RemoveServerAsync"/>.</exception>
    [Obsolete("Use RemoveServerAsync.")]
    public Task<ApplyResult> RemovePeerAsync(ServerAddress peer) =>
        Change(ConfigurationChangeKind.Remove, new ServerId(peer.Value), default, 0, default, default, protocolMax: 2);

    private Task<ApplyResult> Change(
        ConfigurationChangeKind kind, ServerId id, ServerAddress address, ulong previousIndex, TimeSpan timeout,
        CancellationToken cancellationToken, int protocolMin = RaftConfig.ProtocolVersionMin,
        int protocolMax = RaftConfig.ProtocolVersionMax)
    {
        int version = _config.ProtocolVersion;
        if (version < protocolMin || version > protocolMax)
        {
            return Task.FromException<ApplyResult>(new UnsupportedProtocolException(
                $"{Id} speaks protocol version {version}, which does not have this operation. Nothing was appended."));
        }

        var request = new ChangeRequest(new ConfigurationChange(kind, id, address), previousIndex, timeout);
        return Put(request, request.Future.Caller).WaitAsync(cancellationToken);
    }
}
