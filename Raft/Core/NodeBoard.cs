namespace Raft.Core;

/// <summary>
/// What the node shows to other tasks without asking its loop. Written by the loop (the applied index by the state
/// machine's task), read by all.
/// </summary>
internal sealed class NodeBoard
{
    private volatile int _state;
    private ulong _term;
    private ulong _commitIndex;
    private ulong _appliedIndex;
    private ulong _lastIndex;
    private ulong _restoredIndex;
    private volatile LeaderView _leader = LeaderView.None;

    public RaftState State
    {
        get => (RaftState)_state;
        set => _state = (int)value;
    }

    public ulong Term
    {
        get => Volatile.Read(ref _term);
        set => Volatile.Write(ref _term, value);
    }

    public ulong CommitIndex
    {
        get => Volatile.Read(ref _commitIndex);
        set => Volatile.Write(ref _commitIndex, value);
    }

    public ulong AppliedIndex
    {
        get => Volatile.Read(ref _appliedIndex);
        set => Volatile.Write(ref _appliedIndex, value);
    }

    public ulong LastIndex
    {
        get => Volatile.Read(ref _lastIndex);
        set => Volatile.Write(ref _lastIndex, value);
    }

    /// <summary>The entry at which the state last gave way to a user's; a snapshot frees the log of it.</summary>
    public ulong RestoredIndex
    {
        get => Volatile.Read(ref _restoredIndex);
        set => Volatile.Write(ref _restoredIndex, value);
    }

    /// <summary>Set by a planted bug only: no command is taken any more.</summary>
    public bool IsTransferStuck { get; set; }

    public LeaderView Leader
    {
        get => _leader;
        set => _leader = value;
    }
}

/// <summary>A leader as known to a node. Immutable, so that its parts always belong together.</summary>
internal sealed record LeaderView(ServerId Id, ServerAddress Address)
{
    public static LeaderView None { get; } = new(default, default);

    public bool IsKnown => !Id.IsEmpty || !Address.IsEmpty;
}
