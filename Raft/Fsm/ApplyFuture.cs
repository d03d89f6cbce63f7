namespace Raft.Fsm;

/// <summary>A command, or a barrier, on its way into the log and through the state machine.</summary>
/// <param name="type">What the entry will be for.</param>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside the command; none for Go's nil.</param>
internal class ApplyFuture(LogType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions = default)
    : RequestFuture<ApplyResult>
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private int _state;
    private ulong _index;

    public LogType Type { get; } = type;

    /// <summary>The command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; } = data;

    /// <summary>Bytes beside the command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Extensions { get; private set; } = extensions;

    /// <summary>The server that sent the command to this one; empty for none: its caller is here.</summary>
    public virtual ServerId Sender => default;

    /// <summary>How much room it takes where it waits, in bytes.</summary>
    public int Bytes { get; } = data.Length + extensions.Length;

    /// <summary>The entry's index, once it is appended. Read it before <see cref="Term"/>.</summary>
    public ulong Index => Volatile.Read(ref _index);

    /// <summary>The entry's term, once it is appended.</summary>
    public ulong Term { get; private set; }

    /// <summary>Until when the caller waits for a place in the queue, by the node's clock. Used by the queue.</summary>
    public TimeSpan EnqueueDeadline { get; set; }

    /// <summary>It has a place in the log.</summary>
    public void Place(ulong index, ulong term)
    {
        // The term first: whoever sees the index, from whatever task, sees its term.
        Term = term;
        Volatile.Write(ref _index, index);
    }

    /// <summary>The caller is told, whatever becomes of the command; its outcome is set later or never.</summary>
    public virtual void Expire(Exception why) => GiveUp(why);

    /// <summary>Whether the caller has been told.</summary>
    public virtual bool IsTold => Task.IsCompleted;

    /// <summary>Takes it up, to be appended or sent.</summary>
    /// <returns>False where its caller has withdrawn it: it is to be forgotten.</returns>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) != Withdrawn;

    /// <summary>Its caller takes it back, if it was not taken up yet.</summary>
    protected bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    /// <summary>The command is part of an entry now: its caller's bytes are let go. Called by the loop, once its place is set.</summary>
    public virtual void Appended()
    {
        Data = default;
        Extensions = default;
    }

    /// <summary>Sets the state machine's answer as the outcome.</summary>
    public void Applied(object? response) => Succeed(new ApplyResult(Index, Term, response));
}
