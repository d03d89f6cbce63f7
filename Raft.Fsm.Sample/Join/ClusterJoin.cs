using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Repair;

namespace Raft.Fsm.Sample.Join;

/// <summary><c>--join</c>: asks a member, once a second, for what is missing until this node votes.</summary>
internal sealed class ClusterJoin : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Once it is removed it can be added: no need to wait for the second to be over.
    private static readonly TimeSpan PauseAfterStep = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly KvNode _node;
    private readonly ServerAddress _address;
    private readonly Uri _target;
    private readonly HeldTransport? _held;
    private readonly TimeSpan _silence;
    private readonly RepairNote? _repair;
    private readonly ILogger _logger;
    private AdminClient _client;
    private Uri _asked;
    private bool _isHeld;
    private ulong _removedAt;
    private string? _lastSaid;
    private string? _lastTrouble;

    /// <summary>Prepares to join.</summary>
    /// <param name="node">The node, running.</param>
    /// <param name="address">The raft address that others are told.</param>
    /// <param name="target">The member to ask.</param>
    /// <param name="held">The node's transport where it came with an empty disk; null where it has state.</param>
    /// <param name="silence">After how long without an answer to its leader a server of this id counts as down.</param>
    /// <param name="repair">The note of the repair that this ends; null where it is none.</param>
    /// <param name="logger">Where each step is told.</param>
    public ClusterJoin(
        KvNode node, ServerAddress address, Uri target, HeldTransport? held, TimeSpan silence, RepairNote? repair, ILogger logger)
    {
        _node = node;
        _address = address;
        _target = target;
        _asked = target;
        _client = new AdminClient(target);
        _held = held;
        _isHeld = held is not null;
        _silence = silence;
        _repair = repair;
        _logger = logger;
    }

    /// <summary>Goes on until this node votes, or is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            for (JoinStep? step = null; step != JoinStep.Done;)
            {
                step = await TryStepAsync(stop);
                await Task.Delay(step is JoinStep.Remove ? PauseAfterStep : Pause, stop);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or RaftShutdownException)
        {
            // The node ends.
        }
    }

    public void Dispose() => _client.Dispose();

    /// <returns>The step that was taken; null where it was refused, or nobody answered.</returns>
    private async Task<JoinStep?> TryStepAsync(CancellationToken stop)
    {
        try
        {
            return await StepAsync(stop);
        }
        catch (Exception refused) when (refused is AdminException or (RaftException and not RaftShutdownException))
        {
            SayOnce(ref _lastTrouble, LogLevel.Warning, $"joining by {_asked}: {refused.Message}; asking again");
            await TurnAsync();
            return null;
        }
    }

    /// <summary>Asks the leader next time, where one is heard: the member that was named may be gone for good. And the other way round.</summary>
    private async Task TurnAsync()
    {
        LeaderInfo? leader = _asked == _target ? await _node.Leaders.FindAsync(Pause) : null;
        Uri next = leader is { Http: { } http } && leader.Id != _node.Raft.Id ? new Uri($"http://{http}") : _target;
        if (next != _asked)
        {
            _client.Dispose();
            (_asked, _client) = (next, new AdminClient(next));
        }
    }

    private async Task<JoinStep> StepAsync(CancellationToken stop)
    {
        JoinStep step = JoinDecision.Next(await LookAsync());
        switch (step)
        {
            case JoinStep.Remove:
                await RemoveAsync(stop);
                break;
            case JoinStep.Join:
                await AskAsync(stop);
                break;
            default:
                _logger.LogInformation("{Id} votes in its cluster: nothing to join", _node.Raft.Id);
                break;
        }

        return step;
    }

    private async Task<JoinSelf> LookAsync()
    {
        RaftStatus own = await _node.Raft.GetStatusAsync();
        if (own.State == RaftState.Shutdown)
        {
            throw new RaftShutdownException("The node was stopped.");
        }

        return new JoinSelf
        {
            IsHeld = _isHeld,
            // What it was sent of the time before its id was removed says nothing.
            IsVoter = own.Configuration.IsVoter(own.Id) && own.ConfigurationIndex >= _removedAt && !own.LacksLostLog,
            IsReady = await _node.Readiness.WhyNotAsync() is null,
        };
    }

    private async Task RemoveAsync(CancellationToken stop)
    {
        Say("asking it to remove this node, which has no state, and what an earlier life of it may have left in the cluster");

        // One that runs elsewhere under this id must not be removed under its feet.
        string server = AdminClient.SilentServerPath(_node.Raft.Id.ToString(), _silence);
        AdminReply removed = await _client.SendAsync(HttpMethod.Delete, server, patience: Patience, cancellationToken: stop);
        _removedAt = removed.Number("index");

        // What it forgot counts for nothing any more once this is durable: the configuration without it is committed.
        await _node.Raft.RejoinClusterAsync(_removedAt, removed.Number("term"));
        if (_repair is not null)
        {
            await _repair.EndAsync();
        }

        _isHeld = false;
        _held!.Release();
        Say($"removed at index {_removedAt}");
    }

    private async Task AskAsync(CancellationToken stop)
    {
        AdminReply reply = await _client.SendAsync(
            HttpMethod.Post, AdminClient.ServerPath(_node.Raft.Id.ToString()) + "/join",
            JsonContent.Create(new { address = _address.ToString() }), Patience, stop);
        _lastTrouble = null;
        Say(reply.Status == 202
            ? reply.Read(static progress => progress.GetProperty("stage").GetString()) switch
            {
                nameof(CatchUpStage.Joining) => "it is being added as a nonvoter",
                nameof(CatchUpStage.CatchingUp) => "it is a nonvoter, and catches up",
                nameof(CatchUpStage.Steadying) => "it keeps up, and gets its vote when it goes on so",
                _ => "it is being made a voter",
            }
            : $"it votes by the configuration at index {reply.Number("index")}");
    }

    private void Say(string what) => SayOnce(ref _lastSaid, LogLevel.Information, $"joining by {_asked}: {what}");

    // What is the same every second is told once.
    private void SayOnce(ref string? last, LogLevel level, string what)
    {
        if (what != last)
        {
            last = what;
            _logger.Log(level, "{Step}", what);
        }
    }
}
