namespace Raft.Simulation;

/// <summary>
/// One operation of a client, as far as the client knows. Made and changed only by its
/// <see cref="OperationHistory{TCall, TResult}"/>.
/// </summary>
/// <typeparam name="TCall">What is asked for.</typeparam>
/// <typeparam name="TResult">What is answered.</typeparam>
public sealed class HistoryOperation<TCall, TResult>
{
    internal HistoryOperation(int client, string key, TCall call, TimeSpan invokedAt)
    {
        Client = client;
        Key = key;
        Call = call;
        InvokedAt = invokedAt;
    }

    /// <summary>The client that invoked it.</summary>
    public int Client { get; }

    /// <summary>The object that it works on.</summary>
    public string Key { get; }

    /// <summary>What is asked for.</summary>
    public TCall Call { get; }

    /// <summary>When it was invoked, on the clock of the history. No effect is earlier.</summary>
    public TimeSpan InvokedAt { get; }

    /// <summary>What the client knows of it: <see cref="OperationOutcome.Unknown"/> until it hears more.</summary>
    public OperationOutcome Outcome { get; private set; }

    /// <summary>When the client heard the outcome; null while it is unknown. After a return, no effect is later.</summary>
    public TimeSpan? EndedAt { get; private set; }

    /// <summary>The answer; the default while none is known.</summary>
    public TResult? Result { get; private set; }

    /// <summary>The server that answered; null where it is not known.</summary>
    public ServerId? Node { get; private set; }

    /// <summary>
    /// The index of the operation's entry in the log, or for a read the index that was applied when it was answered;
    /// 0 where it is not known.
    /// </summary>
    public ulong LogIndex { get; private set; }

    /// <summary>The term of the entry at <see cref="LogIndex"/>; 0 where it is not known.</summary>
    public ulong Term { get; private set; }

    internal void Return(TResult result, TimeSpan at, ServerId? node, ulong logIndex, ulong term)
    {
        End(OperationOutcome.Returned, at);
        Result = result;
        Node = node;
        LogIndex = logIndex;
        Term = term;
    }

    internal void Reject(TimeSpan at) => End(OperationOutcome.DidNotHappen, at);

    private void End(OperationOutcome outcome, TimeSpan at)
    {
        if (Outcome != OperationOutcome.Unknown)
        {
            throw new InvalidOperationException(
                $"The operation that client {Client} invoked at {InvokedAt} on key \"{Key}\" has ended already.");
        }

        if (at < InvokedAt)
        {
            throw new ArgumentOutOfRangeException(nameof(at), at, $"The operation was invoked later, at {InvokedAt}.");
        }

        Outcome = outcome;
        EndedAt = at;
    }
}
