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
    private readonly Dictionary<ServerId, RequestFuture<ApplyResult>> _promotions = [];

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
        if (leader.ConfigurationIndex > leader.CommitIndex || AutopilotRules.ToRemove(leader, plan) is not { } server)
        {
            return;
        }

        try
        {
            if (server.IsVoter && !await IsQuorumSoundAsync(leader, server))
            {
                return;
            }

            RaftStatus now = await members.LookAsync();
            if (now.State == RaftState.Leader && AutopilotRules.ToRemove(now, plan) == server)
            {
                logger.RemovingDead(now.Id, server, now.Followers.First(f => f.Id == server.Id).Silence);
                await members.ChangeAsync(new ConfigurationChange(ConfigurationChangeKind.Remove, server.Id), now);
            }
        }
        catch (RaftException refused)
        {
            // It no longer leads, or somebody else changed the members first: the next look decides anew.
            logger.NotRemoved(leader.Id, server, refused.Message);
        }
    }

    /// <summary>Whether the voters but one commit what is appended now: the configuration in force, once more.</summary>
    private async Task<bool> IsQuorumSoundAsync(RaftStatus leader, Server voter)
    {
        Server self = leader.Configuration.Find(leader.Id)!;
        if (!self.IsVoter)
        {
            return false;
        }

        ApplyResult proof = await members.ChangeAsync(
            new ConfigurationChange(ConfigurationChangeKind.AddVoter, self.Id, self.Address), leader);
        await Task.Delay(settings.Current.HeartbeatTimeout / 2, clock.Provider, tasks.Stopping);
        return AutopilotRules.MayRemove(await members.LookAsync(), voter, proof.Index);
    }
}
