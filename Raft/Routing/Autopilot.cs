using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Membership;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Looks after the members while this server leads (<see cref="AutopilotConfig"/>). What it knows of a leadership it forgets with it:
/// whom the leader before found dead may be alive to this one.
/// </summary>
internal sealed class Autopilot(
    MemberPort members, ServerAddition additions, LiveConfig settings, NodeClock clock, TaskGroup tasks, ILogger logger)
{
    private readonly Dictionary<ServerId, RequestFuture<ApplyResult>> _promotions = [];
    private readonly Dictionary<ServerId, TimeSpan> _silentSince = [];
    private ulong _term;

    /// <summary>Goes on until the node stops.</summary>
    /// <param name="plan">What it is to do.</param>
    public async Task RunAsync(AutopilotConfig plan)
    {
        try
        {
            while (true)
            {
                await Task.Delay(settings.Current.HeartbeatTimeout, clock.Provider, tasks.Stopping);
                RaftStatus status = await members.LookAsync();
                if (status.State == RaftState.Leader)
                {
                    Note(status);
                    Promote(status, plan);
                    await RemoveDeadAsync(status, plan);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    private void Note(RaftStatus leader)
    {
        if (leader.Term != _term)
        {
            _term = leader.Term;
            _silentSince.Clear();
        }

        foreach (ServerId gone in _silentSince.Keys.Where(id => leader.Configuration.Find(id) is null).ToArray())
        {
            _silentSince.Remove(gone);
        }

        foreach (FollowerStatus follower in leader.Followers)
        {
            if (follower.LastContact <= settings.Current.HeartbeatTimeout)
            {
                _silentSince.Remove(follower.Id);
            }
            else
            {
                _silentSince.TryAdd(follower.Id, clock.Now);
            }
        }
    }

    private void Promote(RaftStatus leader, AutopilotConfig plan)
    {
        foreach (Server server in AutopilotRules.ToPromote(leader, plan))
        {
            if (!_promotions.TryGetValue(server.Id, out RequestFuture<ApplyResult>? promotion) || promotion.Task.IsCompleted)
            {
                promotion = new RequestFuture<ApplyResult>();
                logger.Promoting(leader.Id, server);
                _promotions[server.Id] = promotion;
                additions.TryBegin(server with { Suffrage = ServerSuffrage.Voter }, plan.SteadyFor, progress: null, promotion);
            }
        }
    }

    private async Task RemoveDeadAsync(RaftStatus leader, AutopilotConfig plan)
    {
        if (plan.RemoveDeadAfter is not { } patience || leader.ConfigurationIndex > leader.CommitIndex)
        {
            return;
        }

        TimeSpan now = clock.Now;
        HashSet<ServerId> dead = [.. _silentSince.Where(silent => now - silent.Value >= patience).Select(silent => silent.Key)];
        if (AutopilotRules.ToRemove(leader, dead, plan) is not { } server)
        {
            return;
        }

        logger.RemovingDead(leader.Id, server, now - _silentSince[server.Id]);
        try
        {
            await members.ChangeAsync(
                new ConfigurationChange(ConfigurationChangeKind.Remove, server.Id), leader.ConfigurationIndex);
        }
        catch (RaftException refused)
        {
            // It no longer leads, or somebody else changed the members first: the next look decides anew.
            logger.NotRemoved(leader.Id, server, refused.Message);
        }
    }
}
