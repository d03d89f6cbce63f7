using Raft.Observability;
using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// Keeps one follower from campaigning, beside whatever bulk goes there, and asks it at once when a question waits
/// (heartbeat). Silent while the own disk is stalled, or the follower was told to campaign, so that others can take over (W7).
/// </summary>
internal sealed class Heartbeater(Leadership leadership, Peer peer)
{
    private readonly WakeSignal _wake = new();
    private ulong _sentRound;
    private int _failures;
    private bool _isProbing;

    /// <summary>A new question waits.</summary>
    public void Wake() => _wake.Set();

    /// <summary>The task.</summary>
    public async Task RunAsync()
    {
        using var timer = new DeadlineTimer(leadership.Clock, _wake);
        using CancellationTokenRegistration stop = peer.Stopping.Register(_wake.Set);
        TimeSpan next = leadership.Clock.Now;
        while (!peer.Stopping.IsCancellationRequested)
        {
            TimeSpan now = leadership.Clock.Now;
            bool isSilent = leadership.IsDiskStalled || now < peer.QuietUntil;
            bool isAsked = leadership.Round > _sentRound && _failures == 0 && !isSilent;
            if (now < next && !isAsked)
            {
                timer.Arm(next);
                await _wake.WaitAsync();
                continue;
            }

            if (isSilent)
            {
                next = now + Interval();
                continue;
            }

            await BeatAsync();
            next = _failures == 0
                ? now + Interval()
                : leadership.Clock.Now + Backoff.After(_failures, leadership.Config.HeartbeatTimeout / 2);
        }
    }

    private TimeSpan Interval() => leadership.Random.Jitter(leadership.Config.HeartbeatTimeout / 10);

    /// <summary>Finds out, once the follower answers at all, whether it is of this library.</summary>
    private void Probe()
    {
        ServerId id = peer.Server.Id;
        if (_isProbing || peer.IsOurs || leadership.Capabilities.IsForeign(id))
        {
            return;
        }

        _isProbing = true;
        leadership.Tasks.Start($"question to {id}", ProbeAsync);
    }

    private async Task ProbeAsync()
    {
        try
        {
            await leadership.Asks.AskAsync(peer.Server, ReadOnlyMemory<byte>.Empty, peer.Stopping);
            peer.NoteOurs();
        }
        catch (RemoteRpcException)
        {
            // An error is the answer of one that knows questions.
            peer.NoteOurs();
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // What the failure told is noted already; a failure that told nothing is tried again later.
        }
        finally
        {
            _isProbing = false;
        }
    }

    private async Task BeatAsync()
    {
        ulong round = leadership.Round;
        TimeSpan sentAt = leadership.Clock.Now;
        _sentRound = round;
        var request = new AppendEntriesRequest(leadership.State.Header)
        {
            Term = leadership.Term,
            Leader = leadership.State.LocalAddress,
            Lease = peer.IsOurs ? leadership.LeaseToAsk() : TimeSpan.Zero,
        };
        try
        {
            AppendEntriesResponse answer = await leadership.Transport.AppendEntriesAsync(
                peer.Server, request, peer.Stopping);
            peer.RequireFrom(answer);
            peer.Meter.HeartbeatAnswered(sentAt);
            if (_failures > 0)
            {
                leadership.Observers.Tell(new ResumedHeartbeatObservation(peer.Server.Id));
                leadership.Logger.HeartbeatResumed(leadership.State.LocalId, peer.Server, _failures);
            }

            _failures = 0;
            if (answer.Term > leadership.Term)
            {
                peer.SawHigherTerm(answer.Term);
            }
            else if (answer.Success && answer.Term == leadership.Term)
            {
                peer.Acknowledged(matchIndex: 0, sentAt, round, answer.Promise);
                Probe();
            }
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // Whatever a transport throws, it is no answer.
            if (peer.Stopping.IsCancellationRequested)
            {
                return;
            }

            peer.Meter.Failed();
            leadership.Observers.Tell(new FailedHeartbeatObservation(
                peer.Server.Id, peer.LastAnswerAt is { } at ? leadership.Clock.Now - at : null));
            if (_failures++ == 0)
            {
                leadership.Logger.HeartbeatFailed(leadership.State.LocalId, peer.Server, failure.Message);
            }
        }
    }
}
