using Raft.Timing;

namespace Raft.Fsm;

/// <summary>
/// The apply channel: commands that wait for the leader loop, bounded by count and bytes. Callers beyond the bound wait
/// for a place until their time is up. Any task puts in, the loop takes out.
/// </summary>
/// <remarks>
/// It has a lock, held for a few field changes, since callers come from any thread and must learn at once whether they
/// have a place; an event to the loop would need a queue without a bound.
/// </remarks>
internal sealed class ApplyQueue : IDisposable
{
    /// <summary>A longer wait for a place is one without an end; timers do not reach further.</summary>
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(40);

    private readonly Lock _gate = new();
    private readonly Queue<ApplyFuture> _places = new();
    private readonly LinkedList<ApplyFuture> _waiters = new();
    private readonly RaftLimits _limits;
    private readonly NodeClock _clock;
    private readonly CompletionRunner _completions;
    private readonly ITimer _timer;
    private TimeSpan _timerDue = TimeSpan.MaxValue;
    private long _bytes;
    private long _waiterBytes;
    private bool _isClosed;

    public ApplyQueue(RaftLimits limits, NodeClock clock, CompletionRunner completions)
    {
        _limits = limits;
        _clock = clock;
        _completions = completions;
        _timer = clock.Provider.CreateTimer(
            static state => ((ApplyQueue)state!).ExpireWaiters(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What became of an attempt to enter.</summary>
    internal enum Entry
    {
        /// <summary>The command has a place, or waits for one.</summary>
        Taken,

        /// <summary>Too many wait already.</summary>
        Full,

        /// <summary>The node was stopped.</summary>
        Closed,
    }

    /// <summary>Whether nothing waits. The loop may look without the lock: it is woken after every entry.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _places.Count == 0;
            }
        }
    }

    /// <summary>Puts a command in, or lets it wait for a place.</summary>
    /// <param name="future">The command.</param>
    /// <param name="timeout">How long it may wait for a place; zero or infinite for ever.</param>
    public Entry Add(ApplyFuture future, TimeSpan timeout)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return Entry.Closed;
            }

            if (_waiters.Count == 0 && HasPlace(future))
            {
                Place(future);
                return Entry.Taken;
            }

            int waiterBytes = future.Bytes + RaftLimits.CallBytes;
            if (_waiters.Count >= _limits.ApplyWaitersMax || _waiterBytes + waiterBytes > _limits.ApplyWaitersBytesMax)
            {
                return Entry.Full;
            }

            future.EnqueueDeadline = timeout <= TimeSpan.Zero || timeout > TimeoutMax ? TimeSpan.MaxValue : _clock.Now + timeout;
            _waiters.AddLast(future);
            _waiterBytes += waiterBytes;
            Arm(future.EnqueueDeadline);
            return Entry.Taken;
        }
    }

    /// <summary>Takes commands out, in order, and lets waiting ones move up.</summary>
    /// <param name="batch">Where they are added.</param>
    /// <param name="countMax">The most to take.</param>
    /// <param name="bytesMax">Stops before going over so many bytes, but takes at least one.</param>
    /// <returns>The bytes taken.</returns>
    public int Take(List<ApplyFuture> batch, int countMax, int bytesMax)
    {
        lock (_gate)
        {
            int bytes = 0;
            while (batch.Count < countMax && _places.TryPeek(out ApplyFuture? next)
                && (batch.Count == 0 || bytes + next.Bytes <= bytesMax))
            {
                _places.Dequeue();
                _bytes -= next.Bytes;
                if (next.TryTake())
                {
                    bytes += next.Bytes;
                    batch.Add(next);
                }
            }

            while (_waiters.First is { } waiter && HasPlace(waiter.Value))
            {
                _waiters.RemoveFirst();
                _waiterBytes -= waiter.Value.Bytes + RaftLimits.CallBytes;
                Place(waiter.Value);
            }

            return bytes;
        }
    }

    /// <summary>Takes out everything, also what waits for a place.</summary>
    public List<ApplyFuture> TakeAll()
    {
        lock (_gate)
        {
            var all = new List<ApplyFuture>(_places);
            all.AddRange(_waiters);
            _places.Clear();
            _waiters.Clear();
            _bytes = 0;
            _waiterBytes = 0;
            return all;
        }
    }

    /// <summary>Takes nothing in any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    public void Dispose() => _timer.Dispose();

    private bool HasPlace(ApplyFuture future) =>
        _places.Count < _limits.ApplyQueueCountMax
        && (_places.Count == 0 || _bytes + future.Bytes <= _limits.ApplyQueueBytesMax);

    private void Place(ApplyFuture future)
    {
        _places.Enqueue(future);
        _bytes += future.Bytes;
    }

    private void Arm(TimeSpan due)
    {
        if (due < _timerDue)
        {
            _timerDue = due;
            TimeSpan wait = due - _clock.Now;
            _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void ExpireWaiters()
    {
        var expired = new List<ICompletion>();
        lock (_gate)
        {
            TimeSpan now = _clock.Now;
            TimeSpan next = TimeSpan.MaxValue;
            for (LinkedListNode<ApplyFuture>? node = _waiters.First; node is not null;)
            {
                LinkedListNode<ApplyFuture>? following = node.Next;
                if (node.Value.EnqueueDeadline <= now)
                {
                    _waiters.Remove(node);
                    _waiterBytes -= node.Value.Bytes + RaftLimits.CallBytes;
                    expired.Add(node.Value.Fail(new EnqueueTimeoutException(
                        "The apply queue had no place in time. Nothing was appended: try again, or with fewer at once.")));
                }
                else if (node.Value.EnqueueDeadline < next)
                {
                    next = node.Value.EnqueueDeadline;
                }

                node = following;
            }

            _timerDue = TimeSpan.MaxValue;
            if (next < TimeSpan.MaxValue)
            {
                Arm(next);
            }
        }

        _completions.Add([.. expired], 0, expired.Count);
    }
}
