using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// Brings one follower's log up to the leader's (replicate, pipelineReplicate): over one pipeline, first one request
/// at a time until the logs are known to match, then as many as the window takes. Two tasks share its state on the
/// loop scheduler: one sends, one reads the answers; each ends when the connection does, so that neither can wait for
/// the other for ever (W8).
/// </summary>
internal sealed class PeerReplicator(Leadership leadership, Peer peer)
{
    private static readonly TimeSpan ReconnectMax = TimeSpan.FromMilliseconds(250);

    private readonly WakeSignal _wake = new();
    private readonly SnapshotSender _snapshots = new(leadership, peer);
    private readonly AppendBuilder _requests = new(leadership, peer);
    private readonly SendWindow _window = new(leadership.Config.Limits.AppendBytesMax, leadership.Config.Limits.InFlightBytesMax);
    private int _failures;
    private TimeSpan _notBefore;
    private InFlight? _accepted;
    private bool _isBroken;
    private bool _hadPipeline;
    private ulong _sentCommitIndex;

    private NodeState State => leadership.State;

    private RaftConfig Config => leadership.Config;

    private PeerProgress Progress => peer.Progress;

    private bool IsStopping => peer.Stopping.IsCancellationRequested;

    /// <summary>Whether the entry before the next one, or that one itself, is let go of already, or must not be sent.</summary>
    private bool NeedsSnapshot =>
        _requests.Withheld.IsCovered || Progress.NextIndex < State.Log.FirstIndex || State.Log.TermAt(Progress.NextIndex - 1) is null;

    /// <summary>There is something new to send.</summary>
    public void Wake() => _wake.Set();

    /// <summary>The sending task: one pass per connection.</summary>
    public async Task RunAsync()
    {
        using var timer = new DeadlineTimer(leadership.Clock, _wake);
        using CancellationTokenRegistration stop = peer.Stopping.Register(_wake.Set);
        while (!IsStopping)
        {
            bool isDone = false;
            try
            {
                isDone = NeedsSnapshot ? await _snapshots.SendAsync(_requests.Withheld.Index) : await ReplicateAsync(timer);
            }
            catch (Exception failure) when (failure is not RaftFatalException)
            {
                // Whatever a transport throws, the connection is of no more use.
                NoteFailure(failure);
            }

            Progress.Restart();
            _window.Restart();
            if (isDone)
            {
                _failures = 0;
                continue;
            }

            if (!IsStopping)
            {
                peer.Meter.Failed();
            }

            _failures++;
            _notBefore = leadership.Clock.Now + Backoff.After(_failures, ReconnectMax);
            await PauseAsync(timer);
        }
    }

    /// <summary>Replicates over one connection.</summary>
    /// <returns>Whether it was left for a snapshot, rather than lost.</returns>
    private async Task<bool> ReplicateAsync(DeadlineTimer timer)
    {
        IAppendPipeline pipeline = await leadership.Transport.OpenAppendPipelineAsync(
            peer.Server, peer.Stopping);
        if (_hadPipeline)
        {
            peer.ForgetOurs();
        }

        _hadPipeline = true;
        var reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _isBroken = false;
        _sentCommitIndex = 0;
        leadership.Tasks.Start($"answers of {peer.Server.Id}", () => ReadAnswersAsync(pipeline, reader));
        using CancellationTokenRegistration stop = peer.Stopping.Register(() =>
            leadership.Tasks.Start($"end of the connection to {peer.Server.Id}", () => EndAsync(pipeline)));
        try
        {
            return await SendAsync(pipeline, timer);
        }
        finally
        {
            await EndAsync(pipeline);

            // The next connection must not meet this one's answers.
            await reader.Task;
        }
    }

    /// <summary>
    /// Ends a connection, which releases whoever waits on it. Called by each of the two tasks when it leaves, so that
    /// the other cannot wait for it.
    /// </summary>
    private async Task EndAsync(IAppendPipeline pipeline)
    {
        try
        {
            await pipeline.DisposeAsync();
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            NoteFailure(failure);
        }
    }

    private void NoteFailure(Exception failure)
    {
        if (!IsStopping && _failures == 0)
        {
            leadership.Logger.ReplicationFailed(State.LocalId, peer.Server, failure.Message);
        }
    }

    private async Task<bool> SendAsync(IAppendPipeline pipeline, DeadlineTimer timer)
    {
        // The first request goes out at once: it tells the follower who leads and where the logs part.
        TimeSpan idleUntil = leadership.Clock.Now;
        while (!IsStopping && !_isBroken)
        {
            TimeSpan now = leadership.Clock.Now;
            bool isIdleOver = now >= idleUntil;
            if (!MaySend(now) || !(HasNews || isIdleOver))
            {
                // What has no time of its own (a full window, a stalled disk) is looked at again after a while.
                timer.Arm(now < NotBefore ? NotBefore : now < idleUntil ? idleUntil : now + Config.HeartbeatTimeout);
                await _wake.WaitAsync();
                continue;
            }

            if (NeedsSnapshot)
            {
                return true;
            }

            AppendEntriesRequest? request = await _requests.BuildAsync();
            if (IsStopping || _isBroken)
            {
                return false;
            }

            if (request is null)
            {
                // What was to be sent was let go of meanwhile, or is withheld.
                _notBefore = _requests.Withheld.Index != 0 ? _requests.Withheld.Wait() : _notBefore;
                continue;
            }

            int bytes = 0;
            foreach (LogSlice slice in request.Entries!)
            {
                bytes += slice.Encoded.Length;
            }

            Progress.Sent(new InFlight(
                request.PreviousIndex, request.LastIndex, bytes, leadership.Clock.Now, leadership.Round,
                request.LeaderCommitIndex));
            _sentCommitIndex = request.LeaderCommitIndex;
            _window.Sent(bytes, leadership.Clock.Now);
            idleUntil = leadership.Clock.Now + leadership.Random.Jitter(Config.CommitTimeout);
            peer.Meter.Sent((long)(request.LastIndex - request.PreviousIndex), bytes);
            await pipeline.SendAsync(request);
        }

        return false;
    }

    /// <summary>Whether the window has room. A stalled disk keeps no follower from campaigning, nor does a handover.</summary>
    private bool MaySend(TimeSpan now)
    {
        if (now < NotBefore || leadership.IsDiskStalled)
        {
            return false;
        }

        return Progress.Mode == PeerMode.Probe
            ? Progress.InFlightCount == 0
            : Progress.InFlightCount < Config.Limits.InFlightCountMax && !_window.IsFull;
    }

    private TimeSpan NotBefore => _notBefore > peer.QuietUntil ? _notBefore : peer.QuietUntil;

    private bool HasNews => Progress.NextIndex <= State.Log.LastIndex
        || (peer.WantedCommitIndex > _sentCommitIndex && State.CommitIndex > _sentCommitIndex);

    private async Task ReadAnswersAsync(IAppendPipeline pipeline, TaskCompletionSource ended)
    {
        try
        {
            while (await pipeline.Responses.WaitToReadAsync())
            {
                while (pipeline.Responses.TryRead(out AppendEntriesResponse? answer))
                {
                    Take(answer);
                }

                Report();
                _wake.Set();
            }
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            NoteFailure(failure);
        }
        finally
        {
            if (leadership.Mutation == Mutation.PipelineWaitsForReader)
            {
                ended.SetResult();
            }
            else
            {
                await LeaveAsync(pipeline, ended);
            }
        }
    }

    /// <summary>The reader leaves: the sender is told and woken, whatever it waits for (W8).</summary>
    private async Task LeaveAsync(IAppendPipeline pipeline, TaskCompletionSource ended)
    {
        _isBroken = true;
        try
        {
            await EndAsync(pipeline);
        }
        finally
        {
            ended.SetResult();
            _wake.Set();
        }
    }

    private void Take(AppendEntriesResponse answer)
    {
        if (Progress.InFlightCount == 0)
        {
            throw new TransportException(TransportFailure.Malformed, $"{peer.Server} answered what was not asked");
        }

        peer.RequireFrom(answer);
        InFlight request = Progress.Answered();
        _window.Answered(leadership.Clock.Now);
        peer.Meter.Answered(request.SentAt);
        if (answer.Term > leadership.Term)
        {
            peer.SawHigherTerm(answer.Term);
        }
        else if (answer.Success && answer.Term == leadership.Term)
        {
            _failures = 0;
            _notBefore = TimeSpan.Zero;
            Progress.Matched(request);
            peer.ToldCommitIndex = Math.Max(peer.ToldCommitIndex, Math.Min(request.CommitIndex, request.LastIndex));
            _accepted = request;
        }
        else
        {
            Refused(request, answer);
        }
    }

    /// <summary>One piece of news for all answers that came together: the last request accepted is the newest.</summary>
    private void Report()
    {
        if (_accepted is { } request)
        {
            _accepted = null;
            peer.Acknowledged(Progress.MatchIndex, request.SentAt, request.Round);
        }
    }

    private void Refused(in InFlight request, AppendEntriesResponse answer)
    {
        bool isMismatch = answer.NoRetryBackoff || answer.LastLog < request.PreviousIndex;
        if (!isMismatch)
        {
            // The follower could not take the entries, for a reason of its own. Its log has not been shown to differ,
            // so we do not go back (W9), but wait before the same is sent again.
            Progress.Resend();
            _failures++;
            _notBefore = leadership.Clock.Now + Backoff.After(_failures, ReconnectMax);
            return;
        }

        // Of what the follower has there, only an entry whose term is not above ours can be in both logs.
        ulong mayMatch = answer.ConflictIndex is not { } conflict ? ulong.MaxValue
            : answer.ConflictTerm == 0 ? conflict
            : State.Log.LastUpTo(conflict, answer.ConflictTerm).Index;
        if (!Progress.Mismatched(request, answer.LastLog, mayMatch))
        {
            leadership.Logger.FollowerLostEntries(State.LocalId, peer.Server, answer.LastLog);
            peer.LostEntries(Progress.MatchIndex);
        }
    }

    private async Task PauseAsync(DeadlineTimer timer)
    {
        while (!IsStopping && leadership.Clock.Now < _notBefore)
        {
            timer.Arm(_notBefore);
            await _wake.WaitAsync();
        }
    }
}
