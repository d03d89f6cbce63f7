namespace Raft.Fsm;

/// <summary>A command, or a barrier, on its way into the log and through the state machine.</summary>
/// <remarks>
/// One holder at a time may act through it: the queue, the group that is appended, the array of those who wait for a group's
/// entries, the completion task. Whoever hands it on, or sets its outcome, takes it out of where it was.
/// </remarks>
internal abstract class ApplyFuture : ICompletion
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private int _state;
    private ulong _index;
    private bool _isDecided;
    private object? _response;

    /// <summary>A command, or whatever else an entry can be.</summary>
    /// <param name="type">What the entry will be for.</param>
    /// <param name="data">The command.</param>
    /// <param name="extensions">Bytes beside the command; none for Go's nil.</param>
    protected ApplyFuture(LogType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    {
        Type = type;
        Begin(data, extensions);
    }

    public LogType Type { get; }

    /// <summary>The command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>Bytes beside the command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Extensions { get; private set; }

    /// <summary>The server that sent the command to this one; empty for none: its caller is here.</summary>
    public virtual ServerId Sender => default;

    /// <summary>How much room it takes where it waits, in bytes.</summary>
    public int Bytes { get; private set; }

    /// <summary>The entry's index, once it is appended. Read it before <see cref="Term"/>.</summary>
    public ulong Index => Volatile.Read(ref _index);

    /// <summary>The entry's term, once it is appended.</summary>
    public ulong Term { get; private set; }

    /// <summary>Until when the caller waits for a place in the queue, by the node's clock. Used by the queue.</summary>
    public TimeSpan EnqueueDeadline { get; set; }

    /// <summary>The outcome, where it is no failure.</summary>
    protected ApplyResult Result => new(Index, Term, _response);

    /// <summary>The failure that is the outcome, if it is.</summary>
    protected Exception? Failure { get; private set; }

    /// <summary>It has a place in the log.</summary>
    public void Place(ulong index, ulong term)
    {
        // The term first: whoever sees the index, from whatever task, sees its term.
        Term = term;
        Volatile.Write(ref _index, index);
    }

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
    /// <returns>This future, to be handed to the completion task.</returns>
    public ApplyFuture Applied(object? response)
    {
        Decide();
        _response = response;
        return this;
    }

    /// <summary>Sets failure as the outcome.</summary>
    /// <returns>This future, to be handed to the completion task.</returns>
    public ApplyFuture Fail(Exception why)
    {
        Decide();
        Failure = why;
        return this;
    }

    /// <inheritdoc/>
    public abstract void Complete();

    /// <summary>Lets go of what it holds for its caller.</summary>
    protected void Clear()
    {
        Data = default;
        Extensions = default;
        _response = null;
        Failure = null;
    }

    /// <summary>Begins anew with another command, as if it had just been made. What it held was let go of.</summary>
    protected void Begin(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    {
        Data = data;
        Extensions = extensions;
        Bytes = data.Length + extensions.Length;
        EnqueueDeadline = default;
        Term = 0;
        _index = 0;
        _state = Waiting;
        _isDecided = false;
    }

    private void Decide()
    {
        Invariant.Require(!_isDecided, "every command has one outcome");
        _isDecided = true;
    }
}
