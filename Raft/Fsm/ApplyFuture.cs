namespace Raft.Fsm;

/// <summary>A command, or a barrier, on its way into the log and through the state machine.</summary>
/// <param name="type">What the entry will be for.</param>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside the command; none for Go's nil.</param>
internal sealed class ApplyFuture(LogType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions = default)
    : RequestFuture<ApplyResult>
{
    public LogType Type { get; } = type;

    /// <summary>The command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; } = data;

    /// <summary>Bytes beside the command, until it is part of an entry.</summary>
    public ReadOnlyMemory<byte> Extensions { get; private set; } = extensions;

    /// <summary>How many bytes of the caller's it holds on to.</summary>
    public int Bytes => Data.Length + Extensions.Length;

    /// <summary>The entry's index, once it is appended.</summary>
    public ulong Index { get; set; }

    /// <summary>The entry's term, once it is appended.</summary>
    public ulong Term { get; set; }

    /// <summary>Until when the caller waits for a place in the queue, by the node's clock. Used by the queue.</summary>
    public TimeSpan EnqueueDeadline { get; set; }

    /// <summary>The command is part of an entry now: its caller's bytes are let go.</summary>
    public void ReleaseData()
    {
        Data = default;
        Extensions = default;
    }

    /// <summary>Sets the state machine's answer as the outcome.</summary>
    public void Applied(object? response) => Succeed(new ApplyResult(Index, Term, response));
}
