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
        Change(ConfigurationChangeKind.AddNonvoter, id, address, previousIndex, timeout, cancellationToken);

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
        Change(ConfigurationChangeKind.Demote, id, default, previousIndex, timeout, cancellationToken);

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
        var request = new TransferRequest(target);
        return Put(request, request.Future).WaitAsync(cancellationToken);
    }

    /// <summary>Takes a snapshot now, on this server.</summary>
    /// <param name="cancellationToken">Ends the wait, not the snapshot.</param>
    /// <returns>What is known of it, once it is durable.</returns>
    /// <exception cref="NothingNewToSnapshotException">The newest one covers everything that is applied.</exception>
    public Task<SnapshotMeta> SnapshotAsync(CancellationToken cancellationToken = default) =>
        Task.FromException<SnapshotMeta>(new NotSupportedException($"{Id} takes no snapshots yet."));

    /// <summary>Replaces the state of the whole cluster. On the leader only.</summary>
    /// <param name="snapshot">The state, as the state machine writes it.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <param name="timeout">As for <see cref="AddVoterAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Where the state stands in the log.</returns>
    public Task<ApplyResult> RestoreAsync(
        Stream snapshot, long size, TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        Task.FromException<ApplyResult>(new NotSupportedException($"{Id} restores nothing yet."));

    private Task<ApplyResult> Change(
        ConfigurationChangeKind kind, ServerId id, ServerAddress address, ulong previousIndex, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var request = new ChangeRequest(new ConfigurationChange(kind, id, address), previousIndex, timeout);
        return Put(request, request.Future).WaitAsync(cancellationToken);
    }
}
