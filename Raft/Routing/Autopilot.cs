using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Membership;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Looks after the members while this server leads (<see cref="AutopilotConfig"/>). Whom the leader before found silent may answer this
/// one: nothing is remembered beyond a leadership.
/// </summary>
internal sealed class Autopilot(
    MemberPort members, ServerAddition additions, LiveConfig settings, NodeClock clock, TaskGroup tasks, ILogger logger)
{
    /// <summary>So many election timeouts after it was found that no voter may go it is looked at again.</summary>
    private const int PatienceTimeouts = 30;

    private readonly Dictionary<ServerId, RequestFuture<ApplyResult>> _promotions = [];
    private TimeSpan _nextRemoval;

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

    private void Promote(RaftStatus leader, AutopilotConfig plan)
    {
        foreach (ServerId gone in _promotions.Keys.Where(id => leader.Configuration.Find(id) is not { IsVoter: false }).ToArray())
        {
            _promotions.Remove(gone);
        }

        foreach (Server server in AutopilotRules.ToPromote(leader, plan))
        {
            if (!_promotions.TryGetValue(server.Id, out RequestFuture<ApplyResult>? promotion) || promotion.Task.IsCompleted)
            {
                promotion = new RequestFuture<ApplyResult>();
                logger.Promoting(leader.Id, server);
                _promotions[server.Id] = promotion;
                additions.TryPromote(server with { Suffrage = ServerSuffrage.Voter }, plan.SteadyFor, promotion);
            }
        }
    }

    private async Task RemoveDeadAsync(RaftStatus leader, AutopilotConfig plan)
    {
        if (clock.Now < _nextRemoval || AutopilotRules.ToRemove(leader, plan) is not { } server)
        {
            return;
        }

        try
        {
            RaftStatus? proven = server.IsVoter
                ? await members.ProveAsync((status, proof) => AutopilotRules.MayRemove(status, server, proof))
                : await members.LookAsync();
            if (proven is null)
            {
                logger.NotRemoved(leader.Id, server, "the others cannot commit anything without it now");
                _nextRemoval = clock.Now + (settings.Current.ElectionTimeout * PatienceTimeouts);
            }
            else if (AutopilotRules.ToRemove(proven, plan) == server)
            {
                logger.RemovingDead(proven.Id, server, proven.Followers.First(f => f.Id == server.Id).Silence);
                await members.ChangeAsync(new ConfigurationChange(ConfigurationChangeKind.Remove, server.Id), proven);
            }
        }
        catch (RaftException refused)
        {
            // It no longer leads, or somebody else changes the members: the next look decides anew.
            logger.NotRemoved(leader.Id, server, refused.Message);
        }
    }
}
