using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Join;

/// <summary><c>--join</c>: asks a member, once a second, for what is missing until this node votes.</summary>
internal sealed class ClusterJoin : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Right behind a step the next one is often due: no need to wait for the second to be over.
    private static readonly TimeSpan PauseAfterStep = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly KvNode _node;
    private readonly ServerAddress _address;
    private readonly Uri _target;
    private readonly AdminClient _client;
    private readonly HeldTransport? _held;
    private readonly ILogger _logger;
    private bool _isHeld;
    private ulong _lastChangeIndex;
    private string? _lastAsked;
    private string? _lastTrouble;

    /// <summary>Prepares to join.</summary>
    /// <param name="node">The node, running.</param>
    /// <param name="address">The raft address that others are told.</param>
    /// <param name="target">The member to ask.</param>
    /// <param name="held">The node's transport where it came with an empty disk; null where it has state.</param>
    /// <param name="logger">Where each step is told.</param>
    public ClusterJoin(KvNode node, ServerAddress address, Uri target, HeldTransport? held, ILogger logger)
    {
        _node = node;
        _address = address;
        _target = target;
        _client = new AdminClient(target);
        _held = held;
        _isHeld = held is not null;
        _logger = logger;
    }

    /// <summary>Goes on until this node votes, or is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            for (JoinStep step = JoinStep.Wait; step != JoinStep.Done;)
            {
                step = await TryStepAsync(stop);
                await Task.Delay(step is JoinStep.Wait ? Pause : PauseAfterStep, stop);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or RaftShutdownException)
        {
            // The node ends.
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<JoinStep> TryStepAsync(CancellationToken stop)
    {
        try
        {
            return await StepAsync(stop);
        }
        catch (Exception refused) when (refused is AdminException or (RaftException and not RaftShutdownException))
        {
            SayOnce(ref _lastTrouble, LogLevel.Warning, $"joining by {_target}: {refused.Message}; asking again");
            return JoinStep.Wait;
        }
    }

    private async Task<JoinStep> StepAsync(CancellationToken stop)
    {
        JoinSelf self = await LookAsync();
        if (JoinDecision.WithoutAsking(self) is { } settled)
        {
            if (settled == JoinStep.Done)
            {
                _logger.LogInformation("{Id} votes in its cluster: nothing to join", self.Id);
            }

            return settled;
        }

        AdminReply status = await _client.SendAsync(
            HttpMethod.Get, "/raft/status", patience: Patience, cancellationToken: stop);
        (JoinStep step, string reason) = JoinDecision.Next(self, status.Read(JoinView.Of));
        switch (step)
        {
            case JoinStep.Remove:
                AdminReply removed = await AskAsync(
                    "remove it", HttpMethod.Delete, AdminClient.ServerPath(self.Id.ToString()), body: null, reason, stop);
                // What it forgot counts for nothing any more once this is durable: the configuration without it is committed.
                await _node.Raft.RejoinClusterAsync(removed.Number("index"), removed.Number("term"));
                _isHeld = false;
                _held!.Release();
                break;
            case JoinStep.Add:
                await AskAsync("add it as a nonvoter", HttpMethod.Post, "/raft/servers", Body("Nonvoter"), reason, stop);
                break;
            case JoinStep.Promote:
                await AskAsync("make it a voter", HttpMethod.Post, "/raft/servers", Body("Voter"), reason, stop);
                break;
            default:
                SayOnce(ref _lastTrouble, LogLevel.Information, $"joining by {_target}: waiting: {reason}");
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

        return new JoinSelf(own.Id, _address)
        {
            IsHeld = _isHeld,
            // What it was sent of the time before its id was removed says nothing.
            IsVoter = own.Configuration.IsVoter(own.Id) && own.ConfigurationIndex >= _lastChangeIndex && !own.LacksLostLog,
            IsReady = await _node.Readiness.WhyNotAsync() is null,
            KnowsItIsNonvoter = own.Configuration.Find(own.Id) is { IsVoter: false },
            LastLogIndex = own.LastLogIndex,
            LastChangeIndex = _lastChangeIndex,
        };
    }

    private JsonContent Body(string suffrage) =>
        JsonContent.Create(new { id = _node.Raft.Id.ToString(), address = _address.ToString(), suffrage });

    private async Task<AdminReply> AskAsync(
        string what, HttpMethod method, string path, HttpContent? body, string reason, CancellationToken stop)
    {
        SayOnce(ref _lastAsked, LogLevel.Information, $"joining by {_target}: asking it to {what}: {reason}");
        AdminReply reply = await _client.SendAsync(method, path, body, Patience, stop);
        _lastChangeIndex = reply.Number("index");
        _lastTrouble = null;
        _logger.LogInformation("joining by {Target}: {What}: done at index {Index}", _target, what, _lastChangeIndex);
        return reply;
    }

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
