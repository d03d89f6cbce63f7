namespace Raft.Fsm;

/// <summary>
/// Keeps commands whose callers have their outcomes, for commands to come. One a node; any task takes out and puts back.
/// </summary>
/// <remarks>
/// It has a lock, held for a few field changes: callers come from any thread, and an event to the loop would cost more than what is
/// saved. Mostly a caller that has its outcome sends the next command, so that one place in front is enough. In which order commands are
/// used again decides nothing.
/// </remarks>
internal sealed class CommandPool
{
    /// <summary>How many are kept. Of more callers at a time, what is beyond is left to the collector.</summary>
    private const int KeptMax = 4096;

    private readonly Lock _gate = new();
    private readonly Stack<PooledCommand> _kept = new();
    private PooledCommand? _last;

    /// <summary>How many are kept now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _kept.Count + (Volatile.Read(ref _last) is null ? 0 : 1);
            }
        }
    }

    /// <summary>Takes one out, or makes one.</summary>
    /// <param name="data">The command that it is from now on.</param>
    /// <param name="extensions">Bytes beside it; none for Go's nil.</param>
    public PooledCommand Take(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    {
        PooledCommand command = Interlocked.Exchange(ref _last, null) ?? TakeKept() ?? new PooledCommand(this);
        command.Begin(data, extensions);
        return command;
    }

    /// <summary>Puts one back that neither its caller nor the node will use again.</summary>
    public void Return(PooledCommand command)
    {
        if (Interlocked.Exchange(ref _last, command) is { } before)
        {
            Keep(before);
        }
    }

    private PooledCommand? TakeKept()
    {
        lock (_gate)
        {
            return _kept.TryPop(out PooledCommand? command) ? command : null;
        }
    }

    private void Keep(PooledCommand command)
    {
        lock (_gate)
        {
            if (_kept.Count < KeptMax)
            {
                _kept.Push(command);
            }
        }
    }
}
