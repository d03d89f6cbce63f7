using System.Collections.Concurrent;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// The servers that are being brought in while this node leads. Who asks again, about the same server, hears how far it is; after a
/// change of leader asking begins it anew, where it was.
/// </summary>
internal sealed class JoinDesk(KvNode node)
{
    private readonly ConcurrentDictionary<ServerId, Joining> _joining = new();

    /// <summary>Begins to bring a server in, or tells how far that is.</summary>
    /// <param name="server">The server, as it is to vote.</param>
    /// <param name="deadline">Until when to wait for the configuration.</param>
    /// <returns>Its vote's place in the log; or null, and how far it is, where that was told.</returns>
    /// <exception cref="RaftException">It could not be brought in, or this node does not lead.</exception>
    public async Task<(ApplyResult? Done, CatchUp? Progress)> AskAsync(Server server, CancellationToken deadline)
    {
        await node.Raft.VerifyLeaderAsync(deadline);
        RaftStatus status = await node.Raft.GetStatusAsync();
        if (status.Configuration.Find(server.Id) == server && status.ConfigurationIndex <= status.CommitIndex)
        {
            _joining.TryRemove(server.Id, out _);
            return (new ApplyResult(status.ConfigurationIndex, status.Term, Response: null), null);
        }

        Joining joining = _joining.AddOrUpdate(
            server.Id, _ => new Joining(server), (_, known) => known.IsFor(server) ? known : new Joining(server));
        Task<ApplyResult> added = joining.Start(node.Raft);
        if (added.IsCompleted)
        {
            _joining.TryRemove(KeyValuePair.Create(server.Id, joining));
            return (await added, null);
        }

        return (null, joining.Progress);
    }

    /// <summary>One server on its way.</summary>
    private sealed class Joining(Server server) : IProgress<CatchUp>
    {
        private readonly Lock _gate = new();
        private volatile object? _progress;
        private Task<ApplyResult>? _added;

        /// <summary>How far it is; null before anything is known.</summary>
        public CatchUp? Progress => (CatchUp?)_progress;

        /// <summary>Whether this is about the same server at the same address.</summary>
        public bool IsFor(Server asked) => asked == server;

        /// <summary>Begins, the first time.</summary>
        public Task<ApplyResult> Start(RaftNode raft)
        {
            // Two requests may come at once; what is begun twice would be told twice.
            lock (_gate)
            {
                return _added ??= raft.AddServerAsync(server.Id, server.Address, progress: this);
            }
        }

        /// <inheritdoc/>
        public void Report(CatchUp value) => _progress = value;
    }
}
