namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// One limit for the bytes of all requests that are being received or are not answered yet. Connections reserve what
/// they received before they decode it, and wait where it does not fit.
/// </summary>
/// <remarks>
/// The oldest request always finishes: nobody that waits is overtaken by a younger one, and when every connection that
/// holds a part of a request waits, and no delivered request is left whose answer would free memory, the youngest is
/// told to close. A lock serves here: connections meet for a few instructions, several times for each request.
/// </remarks>
/// <param name="bytesMax">The limit.</param>
internal sealed class DecodingBudget(long bytesMax)
{
    /// <summary>
    /// A connection that holds no more than this never waits, so that heartbeats and votes pass while bulk fills the
    /// budget.
    /// </summary>
    public const int SmallBytesMax = 4096;

    private static readonly IComparer<BudgetShare> ByAge =
        Comparer<BudgetShare>.Create(static (one, other) => one.Age.CompareTo(other.Age));

    private readonly Lock _gate = new();

    // Sorted, for thousands of strangers may wait, and each answer looks who is next. Nobody's age changes while it waits.
    private readonly SortedSet<BudgetShare> _waiting = new(ByAge);
    private readonly SortedSet<BudgetShare> _stuck = new(ByAge);
    private long _age;
    private long _used;
    private long _delivered;
    private int _receivers;

    /// <summary>The limit.</summary>
    public long BytesMax => bytesMax;

    /// <summary>How many bytes are held.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_gate)
            {
                return _used;
            }
        }
    }

    /// <summary>How many connections wait.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Reserves bytes that a connection received.</summary>
    public ValueTask<BudgetOutcome> ReserveAsync(BudgetShare share, long bytes)
    {
        lock (_gate)
        {
            if (share.IsClosed)
            {
                return ValueTask.FromResult(BudgetOutcome.Closed);
            }

            if (share.Receiving == 0)
            {
                share.Age = ++_age;
            }

            if (share.Receiving + bytes > bytesMax)
            {
                return ValueTask.FromResult(BudgetOutcome.TooLarge);
            }

            bool isSmall = share.Receiving + share.Delivered + bytes <= SmallBytesMax;
            if (isSmall || (_waiting.Count == 0 && _used + bytes <= bytesMax))
            {
                Grant(share, bytes);
                return ValueTask.FromResult(BudgetOutcome.Granted);
            }

            share.Wanted = bytes;
            var wait = new TaskCompletionSource<BudgetOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            share.Wait = wait;
            _waiting.Add(share);
            if (share.Receiving > 0)
            {
                _stuck.Add(share);
            }

            Settle();
            return new(wait.Task);
        }
    }

    /// <summary>Notes that a request was delivered: its bytes are held until it is answered.</summary>
    public void Deliver(BudgetShare share, long bytes)
    {
        lock (_gate)
        {
            if (share.IsClosed)
            {
                // Closing gave the bytes back, a moment before its reader was done with them.
                _used += bytes;
            }
            else
            {
                Take(share, bytes);
            }

            share.Delivered += bytes;
            share.Age = ++_age;
            _delivered += bytes;
        }
    }

    /// <summary>Gives back the bytes of answered requests.</summary>
    public void Release(BudgetShare share, long bytes)
    {
        lock (_gate)
        {
            share.Delivered -= bytes;
            _delivered -= bytes;
            _used -= bytes;
            Settle();
        }
    }

    /// <summary>Gives back bytes that were received and are held no more.</summary>
    public void Drop(BudgetShare share, long bytes)
    {
        lock (_gate)
        {
            if (!share.IsClosed)
            {
                Take(share, bytes);
                _used -= bytes;
                Settle();
            }
        }
    }

    /// <summary>Ends a connection's part. What it delivered stays until it is answered.</summary>
    public void Close(BudgetShare share)
    {
        lock (_gate)
        {
            share.IsClosed = true;
            _used -= share.Receiving;
            Take(share, share.Receiving);
            EndWait(share, BudgetOutcome.Closed);
            Settle();
        }
    }

    private void Grant(BudgetShare share, long bytes)
    {
        _receivers += share.Receiving == 0 ? 1 : 0;
        share.Receiving += bytes;
        _used += bytes;
    }

    private void Take(BudgetShare share, long bytes)
    {
        if (bytes > 0)
        {
            share.Receiving -= bytes;
            _receivers -= share.Receiving == 0 ? 1 : 0;
        }
    }

    private void EndWait(BudgetShare share, BudgetOutcome outcome)
    {
        if (_waiting.Remove(share))
        {
            _stuck.Remove(share);
            share.Wanted = 0;
            share.Wait!.SetResult(outcome);
            share.Wait = null;
        }
    }

    private void Settle()
    {
        while (_waiting.Count > 0)
        {
            BudgetShare oldest = _waiting.Min!;
            if (_used + oldest.Wanted <= bytesMax)
            {
                Grant(oldest, oldest.Wanted);
                EndWait(oldest, BudgetOutcome.Granted);
                continue;
            }

            if (_delivered > 0 || _stuck.Count == 0 || _stuck.Count < _receivers)
            {
                return;
            }

            // Nobody is left who could give memory back, so the youngest has to.
            BudgetShare youngest = _stuck.Max!;
            youngest.IsClosed = true;
            _used -= youngest.Receiving;
            Take(youngest, youngest.Receiving);
            EndWait(youngest, BudgetOutcome.Evicted);
        }
    }
}
