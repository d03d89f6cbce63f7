using Raft.Core;
using Raft.Fsm;
using Raft.Membership;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Brings a server into the cluster without endangering it: first without a vote, so that it counts for no majority while its log is
/// behind; with one when it keeps up (thesis 4.2.1). Runs beside the loop, where user code may.
/// </summary>
internal sealed class ServerAddition(
    MemberPort members, LiveConfig settings, NodeClock clock, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Begins.</summary>
    /// <param name="server">The server, as it is to vote.</param>
    /// <param name="steadyFor">For how long it must keep up before it is given the vote.</param>
    /// <param name="progress">Hears how far it is; null for nobody.</param>
    /// <param name="future">The caller.</param>
    /// <returns>False after the node was stopped.</returns>
    public bool TryBegin(Server server, TimeSpan steadyFor, IProgress<CatchUp>? progress, RequestFuture<ApplyResult> future) =>
        !tasks.Stopping.IsCancellationRequested
        && tasks.Start($"adding {server.Id}", () => RunAsync(server, steadyFor, progress, future));

    private async Task RunAsync(
        Server server, TimeSpan steadyFor, IProgress<CatchUp>? progress, RequestFuture<ApplyResult> future)
    {
        try
        {
            future.Succeed(await AddAsync(server, steadyFor, progress, future));
        }
        catch (OperationCanceledException)
        {
            future.Fail(new RaftShutdownException("The node was stopped. What was done of it stays."));
        }
        catch (Exception failure)
        {
            // The caller's progress may throw too.
            future.Fail(failure);
        }

        completions.Add(future);
    }

    private async Task<ApplyResult> AddAsync(
        Server server, TimeSpan steadyFor, IProgress<CatchUp>? progress, RequestFuture<ApplyResult> future)
    {
        RaftStatus status = await members.LookAsync();
        Server? member = status.Configuration.Find(server.Id);
        if (member is { IsVoter: true })
        {
            // With another address it goes on voting; as it is, the same configuration is written again, which proves that we lead.
            return await members.ChangeAsync(new ConfigurationChange(ConfigurationChangeKind.AddVoter, server.Id, server.Address));
        }

        progress?.Report(new CatchUp(server.Id, CatchUpStage.Joining, 0, status.LastLogIndex, Round: 0, LastContact: null));
        if (member is null || member.Address != server.Address)
        {
            await members.ChangeAsync(new ConfigurationChange(ConfigurationChangeKind.AddNonvoter, server.Id, server.Address));
        }

        while (true)
        {
            ulong configuration = await KeepsUpAsync(server, steadyFor, progress, future);
            try
            {
                // Only where nobody has changed the members meanwhile: it may have been removed.
                ApplyResult promoted = await members.ChangeAsync(
                    new ConfigurationChange(ConfigurationChangeKind.AddVoter, server.Id, server.Address), configuration);
                progress?.Report(new CatchUp(server.Id, CatchUpStage.Voting, promoted.Index, promoted.Index, Round: 0, LastContact: null));
                return promoted;
            }
            catch (ConfigurationChangeException)
            {
                RaftStatus now = await members.LookAsync();
                if (now.ConfigurationIndex == configuration)
                {
                    throw;
                }

                steadyFor = TimeSpan.Zero;
            }
        }
    }

    /// <summary>Waits until the server has kept up for some time.</summary>
    /// <returns>Where the configuration stands by which it is a member without a vote.</returns>
    private async Task<ulong> KeepsUpAsync(
        Server server, TimeSpan steadyFor, IProgress<CatchUp>? progress, RequestFuture<ApplyResult> future)
    {
        int round = 1;
        ulong? target = null;
        TimeSpan began = clock.Now;
        TimeSpan? steadySince = null;
        while (true)
        {
            if (future.Task.IsCompleted)
            {
                throw new OperationCanceledException();
            }

            RaftStatus status = await members.LookAsync();
            FollowerStatus follower = Require(status, server);
            TimeSpan now = clock.Now;
            target ??= status.LastLogIndex;
            // One that holds everything and has died holds everything still.
            bool isHeard = follower.LastContact <= settings.Current.HeartbeatTimeout;
            bool keepsUp = isHeard && now - began <= settings.Current.ElectionTimeout;
            steadySince = keepsUp ? steadySince : null;
            if (isHeard && follower.MatchIndex >= target)
            {
                steadySince ??= keepsUp ? now : null;
                (round, target, began) = (round + 1, status.LastLogIndex, now);
            }

            bool isSteady = steadySince is { } since && now - since >= steadyFor;
            CatchUpStage stage = isSteady ? CatchUpStage.Promoting
                : steadySince is null ? CatchUpStage.CatchingUp : CatchUpStage.Steadying;
            progress?.Report(new CatchUp(server.Id, stage, follower.MatchIndex, target.Value, round, follower.LastContact));
            if (isSteady)
            {
                return status.ConfigurationIndex;
            }

            await Task.Delay(settings.Current.HeartbeatTimeout / 10, clock.Provider, tasks.Stopping);
        }
    }

    private static FollowerStatus Require(RaftStatus status, Server server)
    {
        if (status.State != RaftState.Leader)
        {
            throw new NotLeaderException(
                $"{status.Id} ceased to lead while {server.Id} was added. What was done of it stays: ask the next leader to go on.");
        }

        Server? member = status.Configuration.Find(server.Id);
        return member?.Address == server.Address && status.Followers.FirstOrDefault(f => f.Id == server.Id) is { } follower
            ? follower
            : throw new ConfigurationChangeException(
                $"{server.Id} was removed, or given another address, while it was added. It has no vote.");
    }
}
