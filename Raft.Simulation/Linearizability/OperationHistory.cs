using Raft.Simulation.Linearizability;

namespace Raft.Simulation;

/// <summary>
/// What clients asked for and what they were answered, for <see cref="LinearizabilityChecker"/>. Used on one thread, as
/// in a simulation.
/// </summary>
/// <typeparam name="TCall">What is asked for.</typeparam>
/// <typeparam name="TResult">What is answered.</typeparam>
/// <param name="clock">
/// One clock for all clients, which never goes back. Not that of a node, which a simulation runs fast, slow or in jumps.
/// </param>
/// <remarks>
/// Record the invoke before anything is sent, or an effect may come before its cause. An operation whose outcome the
/// client never learns is left as it is. Events at the same reading of the clock are recorded one tick apart, in the order
/// in which they were recorded, since on one thread that order is the true one.
/// </remarks>
public sealed class OperationHistory<TCall, TResult>(TimeProvider clock)
{
    private readonly List<HistoryOperation<TCall, TResult>> _operations = [];
    private readonly EventClock _clock = new(clock);

    /// <summary>The operations in the order of their invokes.</summary>
    public IReadOnlyList<HistoryOperation<TCall, TResult>> Operations => _operations;

    /// <summary>Records that an operation is about to be sent. Its outcome is unknown until the history is told.</summary>
    /// <param name="client">
    /// Who invokes it. A client has one operation at a time, and takes a new number after one of unknown outcome.
    /// </param>
    /// <param name="key">The object that it works on. One that works on several needs one key for all of them.</param>
    /// <param name="call">What is asked for.</param>
    /// <returns>The operation, to be named when its outcome is known.</returns>
    public HistoryOperation<TCall, TResult> Invoke(int client, string key, TCall call)
    {
        var operation = new HistoryOperation<TCall, TResult>(client, key, call, _clock.Next());
        _operations.Add(operation);
        return operation;
    }

    /// <summary>Records that an operation was answered.</summary>
    /// <param name="operation">An operation of this history whose outcome was unknown.</param>
    /// <param name="result">The answer.</param>
    /// <param name="node">The server that answered, where it is known.</param>
    /// <param name="logIndex">
    /// The index of the operation's entry in the log, or for a read, as the specification has it, the index that was
    /// applied when it was answered; 0 where it is not known.
    /// </param>
    /// <param name="term">The term of that entry; 0 where it is not known.</param>
    /// <exception cref="InvalidOperationException">The operation has ended already.</exception>
    public void Return(
        HistoryOperation<TCall, TResult> operation,
        TResult result,
        ServerId? node = null,
        ulong logIndex = 0,
        ulong term = 0) =>
        operation.Return(result, _clock.Next(), node, logIndex, term);

    /// <summary>
    /// Records that an operation certainly never takes effect; the check then leaves it out. If in doubt do not call this:
    /// the outcome stays unknown.
    /// </summary>
    /// <param name="operation">An operation of this history whose outcome was unknown.</param>
    /// <exception cref="InvalidOperationException">The operation has ended already.</exception>
    public void Reject(HistoryOperation<TCall, TResult> operation) => operation.Reject(_clock.Next());
}
