using System.Runtime.ExceptionServices;
using Raft.Core;
using Raft.Fsm;
using Raft.Membership;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Brings a server into the cluster without endangering it: first without a vote, so that it counts for no majority while its log is
/// behind; with one when it keeps up (thesis 4.2.1). Runs beside the loop, where user code may. Each change is meant for the
/// configuration that was looked at: where somebody else was quicker, it is decided anew.
/// </summary>
internal sealed class ServerAddition(
    MemberPort members, LiveConfig settings, NodeClock clock, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>So many election timeouts more one must keep up that did not make an entry durable in time.</summary>
    private const int PatienceTimeouts = 10;

    /// <summary>Begins to add a server.</summary>
    /// <param name="server">The server, as it is to vote.</param>
    /// <param name="steadyFor">For how long it must keep up before it is given the vote.</param>
    /// <param name="progress">Hears how far it is; null for nobody.</param>
    /// <param name="future">The caller.</param>
    /// <returns>False after the node was stopped.</returns>
    public bool TryBegin(Server server, TimeSpan steadyFor, IProgress<CatchUp>? progress, RequestFuture<ApplyResult> future) =>
        TryBegin(new Run(server, steadyFor, progress, future, MayAdd: true));

    /// <summary>Begins to bring a member without a vote to its vote. One that is removed meanwhile, or is elsewhere, is left alone.</summary>
    /// <param name="server">The server, as it is to vote.</param>
    /// <param name="steadyFor">For how long it must keep up before it is given the vote.</param>
    /// <param name="future">Hears of the end.</param>
    public void TryPromote(Server server, TimeSpan steadyFor, RequestFuture<ApplyResult> future) =>
        TryBegin(new Run(server, steadyFor, Progress: null, future, MayAdd: false));

    private bool TryBegin(Run run) =>
        !tasks.Stopping.IsCancellationRequested && tasks.Start($"adding {run.Server.Id}", () => RunAsync(run));

    private async Task RunAsync(Run run)
    {
        try
        {
            run.Future.Succeed(await AddAsync(run));
        }
        catch (OperationCanceledException)
        {
            run.Future.Fail(new RaftShutdownException("The node was stopped. What was done of it stays."));
        }
        catch (Exception failure)
        {
            // The caller's progress may throw too.
            run.Future.Fail(failure);
        }

        completions.Add(run.Future);
    }

    private async Task<ApplyResult> AddAsync(Run run)
    {
        TimeSpan steadyFor = run.SteadyFor;
        bool mayAdd = run.MayAdd;
        while (true)
        {
            if (await EnterAsync(run, mayAdd) is { } votes)
            {
                return votes;
            }

            // From here on, one that is no member was removed.
            mayAdd = false;
            await KeepsUpAsync(run, steadyFor);
            RaftStatus? proven = await members.ProveAsync((status, proof) => Require(status, run.Server).MatchIndex >= proof);
            if (proven is null)
            {
                // Its disk is too slow, or hangs.
                steadyFor = run.SteadyFor + (settings.Current.ElectionTimeout * PatienceTimeouts);
            }
            else if (!proven.Configuration.IsVoter(run.Server.Id) && await PromoteAsync(run, proven) is { } promoted)
            {
                return promoted;
            }
        }
    }

    /// <summary>Makes the server a member, if that may be.</summary>
    /// <returns>Where its vote stands in the log, if it votes already; null where it is a member without a vote.</returns>
    private async Task<ApplyResult?> EnterAsync(Run run, bool mayAdd)
    {
        while (true)
        {
            RaftStatus status = await members.LookAsync();
            Server? member = status.Configuration.Find(run.Server.Id);
            bool votes = member is { IsVoter: true };
            if (votes && !run.MayAdd)
            {
                return new ApplyResult(status.ConfigurationIndex, status.Term, Response: null);
            }

            if (!votes && member?.Address == run.Server.Address)
            {
                return null;
            }

            if (!votes && !mayAdd)
            {
                throw Gone(run.Server);
            }

            run.Report(CatchUpStage.Joining, 0, status.LastLogIndex);
            try
            {
                // A voter only gets the address: as it is, the same configuration is written again, which proves that we lead.
                ApplyResult entered = await members.ChangeAsync(
                    new ConfigurationChange(
                        votes ? ConfigurationChangeKind.AddVoter : ConfigurationChangeKind.AddNonvoter, run.Server.Id, run.Server.Address),
                    status);
                return votes ? entered : null;
            }
            catch (Exception refused) when (refused is ConfigurationChangeException or EnqueueTimeoutException)
            {
                await RequireOvertakenAsync(status, refused);
            }
        }
    }

    /// <summary>Waits until the server has kept up for some time, or votes.</summary>
    private async Task KeepsUpAsync(Run run, TimeSpan steadyFor)
    {
        int round = 1;
        ulong? target = null;
        TimeSpan began = clock.Now;
        TimeSpan? steadySince = null;
        while (true)
        {
            RaftConfig config = settings.Current;
            RaftStatus status = await members.LookAsync();
            FollowerStatus follower = Require(status, run.Server);
            TimeSpan now = clock.Now;
            target ??= status.LastLogIndex;

            // One that holds everything and has died holds everything still.
            bool isHeard = follower.Silence <= config.HeartbeatTimeout / 2;
            bool keepsUp = isHeard && now - began <= config.ElectionTimeout;
            steadySince = keepsUp ? steadySince : null;
            if (isHeard && follower.MatchIndex >= target)
            {
                steadySince ??= keepsUp ? now : null;
                (round, target, began) = (round + 1, status.LastLogIndex, now);
            }

            bool isSteady = steadySince is { } since && now - since >= steadyFor;
            CatchUpStage stage = isSteady ? CatchUpStage.Promoting
                : steadySince is null ? CatchUpStage.CatchingUp : CatchUpStage.Steadying;
            run.Report(stage, follower.MatchIndex, target.Value, round, follower.LastContact);
            if (isSteady || status.Configuration.IsVoter(run.Server.Id))
            {
                return;
            }

            await PauseAsync(run);
        }
    }

    /// <summary>Gives the server its vote.</summary>
    /// <returns>The entry by which it votes; null where others change the members meanwhile.</returns>
    private async Task<ApplyResult?> PromoteAsync(Run run, RaftStatus proven)
    {
        if (proven.ConfigurationIndex > proven.CommitIndex)
        {
            await PauseAsync(run);
            return null;
        }

        try
        {
            ApplyResult promoted = await members.ChangeAsync(
                new ConfigurationChange(ConfigurationChangeKind.AddVoter, run.Server.Id, run.Server.Address), proven);
            run.Report(CatchUpStage.Voting, promoted.Index, promoted.Index);
            return promoted;
        }
        catch (Exception refused) when (refused is ConfigurationChangeException or EnqueueTimeoutException)
        {
            await RequireOvertakenAsync(proven, refused);
            return null;
        }
    }

    /// <summary>Goes on only where a change was refused because others had changed the members.</summary>
    private async Task RequireOvertakenAsync(RaftStatus seen, Exception refused)
    {
        if (refused is ConfigurationChangeException && (await members.LookAsync()).ConfigurationIndex == seen.ConfigurationIndex)
        {
            ExceptionDispatchInfo.Throw(refused);
        }
    }

    private Task PauseAsync(Run run) =>
        run.Future.Task.IsCompleted ? throw new OperationCanceledException() : members.PauseAsync();

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
            : throw Gone(server);
    }

    private static ConfigurationChangeException Gone(Server server) =>
        new($"{server.Id} was removed, or given another address, while it was added. It has no vote.");

    /// <summary>One server on its way.</summary>
    private sealed record Run(
        Server Server, TimeSpan SteadyFor, IProgress<CatchUp>? Progress, RequestFuture<ApplyResult> Future, bool MayAdd)
    {
        public void Report(CatchUpStage stage, ulong matchIndex, ulong targetIndex, int round = 0, TimeSpan? lastContact = null) =>
            Progress?.Report(new CatchUp(Server.Id, stage, matchIndex, targetIndex, round, lastContact));
    }
}
