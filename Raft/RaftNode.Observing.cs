using System.Threading.Channels;
using Raft.Core;
using Raft.Roles;

namespace Raft;

/// <content>How a node stands, and what it tells as it happens.</content>
public sealed partial class RaftNode
{
    /// <summary>This server's name.</summary>
    public ServerId Id => _config.LocalId;

    /// <summary>The role, as last published by the loop.</summary>
    public RaftState State => _core.Board.State;

    /// <summary>The current term.</summary>
    public ulong Term => _core.Board.Term;

    /// <summary>The leader of the current term, with empty parts where none is known.</summary>
    public (ServerId Id, ServerAddress Address) Leader
    {
        get
        {
            LeaderView leader = _core.Board.Leader;
            return (leader.Id, leader.Address);
        }
    }

    /// <summary>
    /// The highest index known to be committed. After a start what the newest snapshot covers, and what the log store noted
    /// (<see cref="ICommitHint"/>), until a leader is heard.
    /// </summary>
    public ulong CommitIndex => _core.Board.CommitIndex;

    /// <summary>The highest index that the state machine has taken.</summary>
    public ulong AppliedIndex => _core.Board.AppliedIndex;

    /// <summary>The highest index in the log.</summary>
    public ulong LastIndex => _core.Board.LastIndex;

    /// <summary>
    /// How long ago this server, as a follower, last heard its leader or gave its vote; null where it leads or never did.
    /// </summary>
    public TimeSpan? LastContact => State == RaftState.Leader ? null : _core.SinceLastContact;

    /// <summary>
    /// Says when this server gains leadership (true) and loses it (false). Holds the newest change alone: whoever reads late
    /// reads how it is now. One reader; give more of them a channel each (<see cref="Observer"/>). Completes when the node
    /// stops.
    /// </summary>
    public ChannelReader<bool> LeadershipChanges => _core.Leaderships.Newest;

    /// <summary>How the node stands, taken at one instant by its loop.</summary>
    /// <returns>The status; after the node has stopped, the last one.</returns>
    public Task<RaftStatus> GetStatusAsync() => AskStatus(static status => status);

    /// <summary>The configuration in force, committed or not, and where it stands.</summary>
    /// <returns>The configuration; after the node has stopped, the last one.</returns>
    public Task<IndexedConfiguration> GetConfigurationAsync() =>
        AskStatus(static status => new IndexedConfiguration(status.Configuration, status.ConfigurationIndex));

    /// <summary>How the node stands, as text under hashicorp/raft's names.</summary>
    /// <returns>
    /// The values by their names (<see cref="RaftStatus.ToStats"/>); after the node has stopped, the last ones.
    /// </returns>
    public Task<IReadOnlyDictionary<string, string>> GetStatsAsync() => AskStatus(static status => status.ToStats());

    /// <summary>Begins to tell an observer what happens from now on. One that is registered already stays so.</summary>
    /// <param name="observer">The observer.</param>
    public void RegisterObserver(Observer observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        _core.Observers.Add(observer);
    }

    /// <summary>Tells an observer nothing more. What it was told before may still be on its way for a moment.</summary>
    /// <param name="observer">The observer; one that is not registered is no error.</param>
    public void DeregisterObserver(Observer observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        _core.Observers.Remove(observer);
    }

    /// <summary>The server, where it is reached, and its role.</summary>
    public override string ToString() => $"{Id} at {_core.State.LocalAddress} [{State}]";

    private Task<T> AskStatus<T>(Func<RaftStatus, T> part)
    {
        if (_core.FinalStatus is { } final)
        {
            return Task.FromResult(part(final));
        }

        var request = new StatusRequest<T>(part);
        Task<T> status = Put(request, request.Future);

        // The node may have ended between the two looks.
        return status.IsFaulted && _core.FinalStatus is { } last ? Task.FromResult(part(last)) : status;
    }
}
