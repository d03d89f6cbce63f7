using System.Collections.Concurrent;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// The servers that are being brought in while this node leads, as long as somebody asks. Who asks again, about the same server, hears how
/// far it is; after a change of leader asking begins it anew, where it was.
/// </summary>
internal sealed class JoinDesk(KvNode node)
{
    /// <summary>For how long a server is brought in after it, or whoever asks for it, was last heard.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>What fails so soon is told at once, and not that it is under way.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<ServerId, Joining> _joining = new();
    private readonly ConcurrentDictionary<ServerId, string> _refusals = new();

    /// <summary>Begins to bring a server in, or tells how far that is.</summary>
    /// <param name="server">The server, as it is to vote.</param>
    /// <param name="deadline">Until when to wait for a majority to confirm the leader.</param>
    /// <returns>Where the configuration stands by which it votes; null, and how far it is, where it does not yet.</returns>
    /// <exception cref="RaftException">It cannot be brought in, or this node does not lead.</exception>
    public async Task<(ulong? VotesSince, CatchUp? Progress)> AskAsync(Server server, CancellationToken deadline)
    {
        await node.Raft.VerifyLeaderAsync(deadline);
        RaftStatus status = await node.Raft.GetStatusAsync();
        if (status.Configuration.Find(server.Id) == server && status.ConfigurationIndex <= status.CommitIndex)
        {
            return (status.ConfigurationIndex, null);
        }

        RefuseTwin(server, status);
        if (_refusals.TryRemove(server.Id, out string? refusal))
        {
            throw ApiException.Conflict(refusal);
        }

        Joining joining = _joining.GetOrAdd(server.Id, static (_, given) => new Joining(given.Desk, given.Server), (Desk: this, Server: server));
        if (joining.Server != server)
        {
            throw ApiException.Conflict($"{server.Id} is being brought in at {joining.Server.Address}; give every server an id of its own");
        }

        Task<ApplyResult> added = joining.Ask(Patience);
        await Task.WhenAny(added, Task.Delay(Soon, deadline));
        return added.IsCompleted && !added.IsCanceled ? ((await added).Index, null) : (null, joining.Progress);
    }

    /// <summary>
    /// Refuses a server under the id of one that answers elsewhere: an address changes at once, and what asks may hold a copy of old data. One
    /// and the same server that is reached by two addresses goes on by the old one; <c>raftkv add</c> gives it the new.
    /// </summary>
    private void RefuseTwin(Server server, RaftStatus status)
    {
        if (status.Configuration.Find(server.Id) is { } known && known.Address != server.Address
            && status.Followers.FirstOrDefault(f => f.Id == server.Id)?.Silence < node.Raft.ReloadableConfig.HeartbeatTimeout * 2)
        {
            throw ApiException.Conflict($"{server.Id} answers at {known.Address}, so it runs there: stop it first, or give this server an id of its own");
        }
    }

    /// <summary>One server on its way.</summary>
    private sealed class Joining(JoinDesk desk, Server server) : IProgress<CatchUp>
    {
        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _end = new();
        private volatile object? _progress;
        private Task<ApplyResult>? _added;

        /// <summary>The server.</summary>
        public Server Server { get; } = server;

        /// <summary>How far it is; null before anything is known.</summary>
        public CatchUp? Progress => (CatchUp?)_progress;

        /// <summary>Begins, the first time, and goes on for some time.</summary>
        public Task<ApplyResult> Ask(TimeSpan patience)
        {
            // Two requests may come at once; what is begun twice would be told twice.
            lock (_gate)
            {
                _end.CancelAfter(patience);
                return _added ??= RunAsync();
            }
        }

        /// <inheritdoc/>
        public void Report(CatchUp value) => _progress = value;

        private async Task<ApplyResult> RunAsync()
        {
            long began = TimeProvider.System.GetTimestamp();
            try
            {
                return await desk.Node.Raft.AddServerAsync(Server.Id, Server.Address, progress: this, cancellationToken: _end.Token);
            }
            catch (ConfigurationChangeException refused) when (TimeProvider.System.GetElapsedTime(began) >= Soon)
            {
                // Who asks next is told; whoever asked first has had its answer.
                desk._refusals[Server.Id] = refused.Message;
                throw;
            }
            finally
            {
                // Whoever asks from now on begins anew: what became of this says nothing of what is by then.
                desk._joining.TryRemove(KeyValuePair.Create(Server.Id, this));
            }
        }
    }

    private KvNode Node => node;
}
