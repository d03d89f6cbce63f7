using Raft.Core;

namespace Raft.Roles;

/// <summary>
/// Changes of the members that wait for the leader: there is one at a time, and none before an entry of the leader's own
/// term is committed (thesis 4.1 and its correction of 2015). Owned by the leader role.
/// </summary>
internal sealed class ChangeQueue(RoleContext context, RestoreGuard restores)
{
    private readonly LinkedList<(ChangeRequest Request, TimeSpan Deadline)> _waiting = new();

    /// <summary>When the first of them has waited for too long.</summary>
    public TimeSpan Deadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Puts a change behind those that wait.</summary>
    public void Add(ChangeRequest request)
    {
        TimeSpan deadline = request.Timeout <= TimeSpan.Zero || request.Timeout > TimeSpan.FromDays(40)
            ? TimeSpan.MaxValue
            : context.Clock.Now + request.Timeout;
        _waiting.AddLast((request, deadline));
        Deadline = deadline < Deadline ? deadline : Deadline;
    }

    /// <summary>Takes the next change with the configuration that it leads to. Those that cannot be done are answered.</summary>
    /// <returns>The change, or null where none waits that can be done.</returns>
    public (ChangeRequest Request, ClusterConfiguration Next)? Take()
    {
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            ChangeRequest request = first.Value.Request;
            NodeState state = context.State;
            if (request.PreviousIndex != 0 && request.PreviousIndex != state.Configurations.LatestIndex)
            {
                Fail(request, new ConfigurationChangeException(
                    $"The change was meant for the configuration at {request.PreviousIndex}, but the one at "
                    + $"{state.Configurations.LatestIndex} is in force. Nothing was appended: look at it and ask again."));
                continue;
            }

            try
            {
                ClusterConfiguration next = request.Change.ApplyTo(state.Configuration);
                if (!restores.IsUnderWay || next.Servers.All(s => state.Configuration.Find(s.Id)?.Address == s.Address))
                {
                    return (request, next);
                }

                Fail(request, new ConfigurationChangeException(
                    "Nothing was appended: the state of the cluster is being replaced. Add the server when that is over."));
            }
            catch (ArgumentException wrong)
            {
                Fail(request, new ConfigurationChangeException($"Nothing was appended. {wrong.Message}", wrong));
            }
        }

        return null;
    }

    /// <summary>Answers changes that have waited for too long.</summary>
    public void Expire(TimeSpan now)
    {
        if (now < Deadline)
        {
            return;
        }

        Deadline = TimeSpan.MaxValue;
        for (LinkedListNode<(ChangeRequest Request, TimeSpan Deadline)>? node = _waiting.First; node is not null;)
        {
            LinkedListNode<(ChangeRequest Request, TimeSpan Deadline)>? following = node.Next;
            if (node.Value.Deadline <= now)
            {
                _waiting.Remove(node);
                Fail(node.Value.Request, new EnqueueTimeoutException(
                    "The leader could not take the change in time: another one, or the first entry of its term, is not "
                    + "committed yet. Nothing was appended: try again later."));
            }
            else if (node.Value.Deadline < Deadline)
            {
                Deadline = node.Value.Deadline;
            }

            node = following;
        }
    }

    /// <summary>The leadership is over, or is handed over.</summary>
    public void FailAll(Exception why)
    {
        foreach ((ChangeRequest request, _) in _waiting)
        {
            Fail(request, why);
        }

        _waiting.Clear();
        Deadline = TimeSpan.MaxValue;
    }

    private void Fail(ChangeRequest request, Exception why) => context.Completions.Add(request.Fail(why));
}
