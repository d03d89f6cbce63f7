using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Fsm;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Snapshots;

/// <summary>
/// Takes snapshots of the state machine (runSnapshots): when enough entries were applied since the last one, or when
/// asked. Only holding on to the state comes between two entries; writing it goes on beside them. Its task runs on the
/// loop scheduler and reads the node's state between its waits; what it has taken it tells the loop.
/// </summary>
internal sealed class SnapshotRunner(
    SnapshotContext context, NodeState state, FsmRunner fsm, CompletionRunner completions, LiveConfig settings,
    NodeClock clock, NodeRandom random, ISnapshotEvents events, ILogger logger)
{
    /// <summary>So many times the time that a snapshot took passes before the next is taken by itself.</summary>
    private const int PauseFactor = 9;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Queue<RequestFuture<SnapshotMeta>> _asked = new();

    // Callers come from any thread; nothing waits while it is held.
    private readonly Lock _gate = new();
    private readonly WakeSignal _wake = new();
    private ulong _takenIndex;
    private ulong _dueAfter = ulong.MaxValue;
    private TimeSpan _notBefore;
    private TimeSpan _neededNotBefore;
    private bool _isNeeded;
    private bool _isTaking;
    private bool _isReloaded;
    private volatile bool _isClosed;

    /// <summary>Asks for a snapshot now, from any thread.</summary>
    /// <returns>False where the node was stopped.</returns>
    public bool TryAsk(RequestFuture<SnapshotMeta> future)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            _asked.Enqueue(future);
        }

        _wake.Set();
        return true;
    }

    /// <summary>The state machine has come to an index: wakes the task where a snapshot is due. Called by the loop.</summary>
    public void Look(ulong appliedIndex)
    {
        if (IsDue(appliedIndex))
        {
            _wake.Set();
        }
    }

    /// <summary>
    /// A follower needs a snapshot, and none that is kept will do: takes one whatever is kept, unless one is being taken just now. Whoever
    /// needs it still asks again. Called on the loop scheduler.
    /// </summary>
    public void Need()
    {
        if (!_isTaking)
        {
            _isNeeded = true;
            _wake.Set();
        }
    }

    /// <summary>Other settings are in force. Called by the loop.</summary>
    public void Reload()
    {
        _isReloaded = true;
        _wake.Set();
    }

    /// <summary>Ends the task, and with it what it is doing.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        _wake.Set();
    }

    /// <summary>The task.</summary>
    public async Task RunAsync()
    {
        using var timer = new DeadlineTimer(clock, _wake);
        DrawThreshold();
        TimeSpan next = clock.Now + random.Jitter(settings.Current.SnapshotInterval);
        while (!_isClosed)
        {
            if (TryNext(out RequestFuture<SnapshotMeta>? asked) || IsDue(context.Board.AppliedIndex))
            {
                await TakeAsync(asked);
                continue;
            }

            TimeSpan now = clock.Now;
            if (_isReloaded)
            {
                _isReloaded = false;
                DrawThreshold();
                next = now;
            }

            next = now < next ? next : now + random.Jitter(settings.Current.SnapshotInterval);
            timer.Arm(now < _notBefore && _notBefore < next ? _notBefore : next);
            await _wake.WaitAsync();
        }

        FailWhatWaits();
    }

    /// <summary>Fails what still waits; for a task that has ended.</summary>
    public void FailWhatWaits()
    {
        while (TryNext(out RequestFuture<SnapshotMeta>? asked))
        {
            completions.Add(asked.Fail(new RaftShutdownException("The node was stopped.")));
        }
    }

    private bool IsDue(ulong appliedIndex)
    {
        ulong taken = Math.Max(state.Log.SnapshotIndex, _takenIndex);
        bool isDue = appliedIndex > taken && (appliedIndex - taken >= _dueAfter || context.Board.RestoredIndex > taken);
        return (isDue && clock.Now >= _notBefore) || (_isNeeded && clock.Now >= _neededNotBefore);
    }

    // A cluster's servers apply the same entries at about the same time; they should not all write at once.
    private void DrawThreshold()
    {
        ulong threshold = settings.Current.SnapshotThreshold;
        _dueAfter = Math.Min(threshold, ulong.MaxValue / 2) + random.Below((threshold / 4) + 1);
    }

    private bool TryNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RequestFuture<SnapshotMeta>? asked)
    {
        lock (_gate)
        {
            return _asked.TryDequeue(out asked);
        }
    }

    private async Task TakeAsync(RequestFuture<SnapshotMeta>? asked)
    {
        TimeSpan began = clock.Now;
        _isTaking = true;
        try
        {
            SnapshotMeta taken = await TakeAsync();
            TimeSpan took = clock.Now - began;
            context.Meter.TakeSnapshot.Took(took);
            logger.SnapshotTaken(state.LocalId, taken.Id, taken.Size, took);
            _notBefore = clock.Now + (took * PauseFactor);
            if (asked is not null)
            {
                completions.Add(asked.Succeed(taken));
            }
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            TimeSpan pause = (clock.Now - began) * PauseFactor;
            _notBefore = clock.Now + (pause > RetryAfter ? pause : RetryAfter);
            _neededNotBefore = _notBefore;
            if (asked is not null)
            {
                completions.Add(asked.Fail(
                    _isClosed && failure is OperationCanceledException
                        ? new RaftShutdownException("The node was stopped before the snapshot was durable.", failure)
                        : failure));
            }
            else if (!_isClosed)
            {
                logger.SnapshotNotTaken(state.LocalId, failure.Message, failure);
            }
        }
        finally
        {
            _isTaking = false;
        }

        DrawThreshold();
    }

    private async Task<SnapshotMeta> TakeAsync()
    {
        // A follower that needs one needs all that is committed in it, whatever the state machine took of that.
        var capture = new FsmCapture(_isNeeded ? ulong.MaxValue : state.Log.SnapshotIndex);
        if (!fsm.TryAdd(capture))
        {
            throw new RaftShutdownException("The node was stopped.");
        }

        CapturedState captured = await capture.Outcome.Task;
        bool isNews = captured.Index > state.Log.SnapshotIndex || (_isNeeded && captured.Index == state.Log.SnapshotIndex);
        _isNeeded = false;
        if (captured.State is null || !isNews)
        {
            captured.State?.Dispose();
            throw new NothingNewToSnapshotException(
                $"The newest snapshot ends at entry {state.Log.SnapshotIndex}, and nothing was applied behind it.");
        }

        (ulong configurationIndex, ClusterConfiguration configuration) = state.Configurations.At(captured.Index);
        var point = new SnapshotPoint(captured.Index, captured.Term, configuration, configurationIndex);
        SnapshotMeta taken = await context.PersistAsync(captured.State, point);
        _takenIndex = taken.Index;
        if (await context.IsKeptAsync(taken))
        {
            var news = new TakenSnapshot(taken);
            if (!events.TryPost(news))
            {
                throw new RaftShutdownException("The node was stopped.");
            }

            await news.Noted.Task;
        }

        return taken;
    }
}
