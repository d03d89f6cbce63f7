using Raft.Fsm;

namespace Raft;

/// <content>Servers that join safely.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Adds a voter without endangering the cluster: first as a server without a vote, which counts for no majority while its log is
    /// behind; with a vote once it keeps up, in rounds no longer than an election timeout (thesis 4.2.1), for some time, and has then made
    /// one more entry durable. On the leader only; asked again, also of the next leader, it goes on where it was. One that votes already
    /// only gets the address.
    /// </summary>
    /// <param name="id">The server.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="steadyFor">For how long it must keep up before it gets its vote; null for two election timeouts.</param>
    /// <param name="progress">Hears how far it is, some times in each heartbeat timeout; called by a task of the node.</param>
    /// <param name="cancellationToken">Ends it: what was done stays, and the server has a vote or has none.</param>
    /// <returns>Where the configuration stands by which it votes, once that is committed and passed here.</returns>
    /// <exception cref="NotLeaderException">This server does not lead, or ceased to; ask the next leader.</exception>
    /// <exception cref="ConfigurationChangeException">No cluster can run on the result, or the server was removed meanwhile.</exception>
    /// <exception cref="LeadershipTransferInProgressException">Try again soon.</exception>
    /// <exception cref="LeadershipLostException">Whether the last step was taken is unknown; ask the next leader.</exception>
    /// <exception cref="UnsupportedProtocolException">The protocol version is 2, which has no servers without a vote.</exception>
    public Task<ApplyResult> AddServerAsync(
        ServerId id, ServerAddress address, TimeSpan? steadyFor = null, IProgress<CatchUp>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (_config.ProtocolVersion < 3)
        {
            return Task.FromException<ApplyResult>(new UnsupportedProtocolException(
                $"{Id} speaks protocol version {_config.ProtocolVersion}, which has no servers without a vote. Nothing was appended."));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ApplyResult>(cancellationToken);
        }

        var future = new RequestFuture<ApplyResult>();
        Task<ApplyResult> task = Ask(future, () => _core.Routes.Additions.TryBegin(
            new Server(id, address), steadyFor ?? (_config.ElectionTimeout * 2), progress, future));
        if (cancellationToken.CanBeCanceled && !task.IsCompleted)
        {
            future.AbandonWhen(cancellationToken);
        }

        return task;
    }
}
