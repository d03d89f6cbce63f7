using System.Collections.Concurrent;
using Raft.Core;
using Raft.Fsm;
using Raft.Roles;
using Raft.Rpc;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Finds out for the reads of this server up to where they must wait for its state machine: from its own leadership or from the
/// leader. All that wait when it asks share the question. What fails is asked again, of whoever leads then, until the reader's
/// time is up: a read changes nothing.
/// </summary>
/// <remarks>Reads come from any task; all else is the loop scheduler's.</remarks>
internal sealed class ReadRouter(
    ServerId self, NodeBoard board, LoopInbox inbox, FsmRunner fsm, AskProtocol asks, LiveConfig settings, NodeClock clock,
    CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Questions under way at once: a further one lets new reads begin before the one before is answered.</summary>
    private const int InFlightMax = 4;

    private const string WasStopped = "The node was stopped. Nothing was read.";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<RoutedRead> _arrived = new();
    private readonly ConcurrentQueue<(List<RoutedRead> Group, Exception Why)> _failed = new();
    private readonly WakeSignal _wake = new();
    private readonly List<RoutedRead> _waiting = [];
    private readonly Queue<RoutedRead> _pending = new();
    private volatile ReadPoint? _newest;
    private volatile bool _isClosed;
    private Exception? _lastFailure;
    private TimeSpan _notBefore;
    private int _inFlight;

    /// <summary>Takes a read in.</summary>
    /// <param name="consistency">What it promises.</param>
    /// <param name="wait">The read; runs when the state machine has come to its index.</param>
    /// <returns>False after the node was stopped.</returns>
    public bool TryAdd(ReadConsistency consistency, FsmWait wait)
    {
        switch (consistency.Kind)
        {
            case ReadConsistency.Level.Local:
                return fsm.TryAdd(wait);
            case ReadConsistency.Level.AtLeast:
                wait.Index = consistency.Index;
                return fsm.TryAdd(wait);
            case ReadConsistency.Level.BoundedStaleness
                when _newest is { } known && clock.Now - known.AskedAt <= consistency.Staleness:
                wait.Index = known.Index;
                return fsm.TryAdd(wait);
            default:
                break;
        }

        if (_isClosed)
        {
            return false;
        }

        _arrived.Enqueue(new RoutedRead(
            wait, consistency.Kind == ReadConsistency.Level.Lease, clock.Now + settings.Current.LeaderWaitTimeout));
        _wake.Set();
        if (_isClosed)
        {
            // The task may have looked for the last time before this one came.
            Refuse();
        }

        return true;
    }

    /// <summary>The task.</summary>
    public async Task RunAsync()
    {
        using var timer = new DeadlineTimer(clock, _wake);
        while (!_isClosed)
        {
            TimeSpan now = clock.Now;
            TakeIn(now);
            if (_waiting.Count > 0 && now >= _notBefore && _inFlight < InFlightMax)
            {
                Ask(now);
            }

            if (_pending.TryPeek(out RoutedRead first))
            {
                timer.Arm(_waiting.Count > 0 && _inFlight < InFlightMax && _notBefore < first.Deadline ? _notBefore : first.Deadline);
            }

            await _wake.WaitAsync();
        }

        FailAll();
    }

    /// <summary>Ends the task; what waits is told so.</summary>
    public void Stop()
    {
        _isClosed = true;
        _wake.Set();
    }

    /// <summary>Fails what still waits; for a task that has ended.</summary>
    public void FailAll()
    {
        Refuse();
        RefuseReturned();
        foreach (RoutedRead read in _waiting)
        {
            Fail(read, new RaftShutdownException(WasStopped));
        }

        _waiting.Clear();
    }

    private void RefuseReturned()
    {
        while (_failed.TryDequeue(out (List<RoutedRead> Group, Exception) failed))
        {
            failed.Group.ForEach(read => Fail(read, new RaftShutdownException(WasStopped)));
        }
    }

    private void Refuse()
    {
        while (_arrived.TryDequeue(out RoutedRead read))
        {
            Fail(read, new RaftShutdownException(WasStopped));
        }
    }

    private void TakeIn(TimeSpan now)
    {
        while (_failed.TryDequeue(out (List<RoutedRead> Group, Exception Why) failed))
        {
            _inFlight--;
            _waiting.AddRange(failed.Group);
            _lastFailure = failed.Why;
            _notBefore = now + Pause;
        }

        while (_arrived.TryDequeue(out RoutedRead read))
        {
            _waiting.Add(read);
            _pending.Enqueue(read);
        }

        // Whatever it waits for: a leader, its answer, the entries up to the index.
        while (_pending.TryPeek(out RoutedRead first) && (first.Deadline <= now || first.Wait.IsAbandoned))
        {
            _pending.Dequeue();
            if (!first.Wait.IsAbandoned)
            {
                completions.Add(new Expiry(first.Wait, new NotLeaderException(
                    $"Within {settings.Current.LeaderWaitTimeout} no leader confirmed what is committed, or it did not come here. Nothing was "
                    + $"read: try again. {_lastFailure?.Message}")));
            }
        }

        _waiting.RemoveAll(read => read.Deadline <= now || read.Wait.IsAbandoned);
    }

    private void Ask(TimeSpan now)
    {
        LeaderView leader = board.Leader;
        bool isHere = board.State == RaftState.Leader;
        if (!isHere && (!leader.IsKnown || leader.Id == self))
        {
            _notBefore = now + Pause;
            return;
        }

        bool mayUseLease = _waiting.TrueForAll(static r => r.MayUseLease);
        List<RoutedRead> group = [.. _waiting];
        _waiting.Clear();
        _inFlight++;
        if (!isHere)
        {
            tasks.Start($"read index of {leader.Id}", () => AskAsync(new Server(leader.Id, leader.Address), group, mayUseLease, now));
        }
        else if (!inbox.TryAdd(new ReadIndexRequest(
            asker: default, mayUseLease, index => Found(group, now, index, mayUseLease), why => Lost(group, why))))
        {
            Lost(group, new RaftShutdownException(WasStopped));
        }
    }

    private async Task AskAsync(Server leader, List<RoutedRead> group, bool mayUseLease, TimeSpan askedAt)
    {
        try
        {
            // A leader that does not answer for so long is soon none any more: the next is asked.
            using var limit = new TimeLimit(settings.Current.ElectionTimeout, clock, tasks.Stopping);
            ReadOnlyMemory<byte> answer = await asks.AskAsync(
                leader, AskKind.ReadIndex, LeaderMessages.ReadIndex(mayUseLease), limit.Over);
            LeaderAnswer told = LeaderMessages.ReadAnswers(answer.Span, count: 1)[0];
            if (told.Verdict == LeaderVerdict.Done)
            {
                Found(group, askedAt, told.Index, mayUseLease);
            }
            else
            {
                Lost(group, told.ToException(leader.Id));
            }
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            Lost(group, failure);
        }
    }

    /// <summary>Everything up to an index was committed when it was asked, and nothing beyond.</summary>
    private void Found(List<RoutedRead> group, TimeSpan askedAt, ulong index, bool mayBeLeased)
    {
        _inFlight--;

        // What a lease said trusts other servers' clocks, which reads of bounded staleness do not.
        if (!mayBeLeased && (_newest is not { } known || askedAt > known.AskedAt))
        {
            _newest = new ReadPoint(askedAt, index);
        }

        foreach (RoutedRead read in group)
        {
            read.Wait.Index = index;
            if (!fsm.TryAdd(read.Wait))
            {
                Fail(read, new RaftShutdownException(WasStopped));
            }
        }

        _wake.Set();
    }

    private void Lost(List<RoutedRead> group, Exception why)
    {
        _failed.Enqueue((group, why));
        _wake.Set();
        if (_isClosed)
        {
            // The task may have looked for the last time before this came back.
            RefuseReturned();
        }
    }

    private void Fail(RoutedRead read, Exception why)
    {
        if (!read.Wait.IsAbandoned && read.Wait.Failed(why) is { } told)
        {
            completions.Add(told);
        }
    }

    private sealed class Expiry(FsmWait wait, Exception why) : ICompletion
    {
        public void Complete() => wait.GiveUp(why);
    }

    private readonly record struct RoutedRead(FsmWait Wait, bool MayUseLease, TimeSpan Deadline);

    /// <summary>What was found last: all that was committed when it was asked lies at or below the index.</summary>
    private sealed record ReadPoint(TimeSpan AskedAt, ulong Index);
}
