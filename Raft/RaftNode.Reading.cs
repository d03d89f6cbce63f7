using Raft.Fsm;

namespace Raft;

/// <content>Reads, on every server.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Reads the state machine of this server, with a promise of how new its state is. The function runs between two entries, while
    /// the state machine stands still: quick functions only.
    /// </summary>
    /// <typeparam name="TFsm">What the state machine is; also of one that stands within a <see cref="SessionFsm"/>.</typeparam>
    /// <typeparam name="T">What the function returns.</typeparam>
    /// <param name="consistency">The promise.</param>
    /// <param name="read">Reads the state machine, which it must not change. Its exception is the caller's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What the function returned.</returns>
    /// <exception cref="NotLeaderException">
    /// No leader confirmed within <see cref="RaftConfig.LeaderWaitTimeout"/> how new the state must be. Nothing was read.
    /// </exception>
    /// <exception cref="ArgumentException">The state machine is something else.</exception>
    /// <exception cref="EnqueueTimeoutException">Too many reads wait already (<see cref="RaftLimits.RequestQueueCountMax"/>).</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task<T> ReadAsync<TFsm, T>(
        ReadConsistency consistency, Func<TFsm, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        object stateMachine = _core.StateMachine is SessionFsm sessions and not TFsm ? sessions.Inner : _core.StateMachine;
        return stateMachine is TFsm fsm
            ? Read(consistency, _ => read(fsm), cancellationToken)
            : Task.FromException<T>(new ArgumentException(
                $"The state machine is a {stateMachine.GetType()}, and no {typeof(TFsm)}.", nameof(read)));
    }

    /// <summary>
    /// Makes a linearizable read possible: what this server's state machine holds on completion is at least as new as everything
    /// committed, on any server, when this was called (thesis 6.4). The leader asks a majority, once for all that wait; another
    /// server asks the leader.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The index that the state machine has reached.</returns>
    /// <exception cref="NotLeaderException">
    /// No leader confirmed within <see cref="RaftConfig.LeaderWaitTimeout"/> what is committed.
    /// </exception>
    /// <exception cref="EnqueueTimeoutException">Too many reads wait already (<see cref="RaftLimits.RequestQueueCountMax"/>).</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task<ulong> ReadIndexAsync(CancellationToken cancellationToken = default) =>
        Read(ReadConsistency.Linearizable, static applied => applied, cancellationToken);

    /// <summary>Waits until what this server's state machine holds is as new as a read of that promise must show.</summary>
    /// <param name="consistency">The promise.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The index that the state machine has reached.</returns>
    /// <exception cref="RaftException">As for <see cref="ReadIndexAsync(CancellationToken)"/>.</exception>
    public Task<ulong> ReadIndexAsync(ReadConsistency consistency, CancellationToken cancellationToken = default) =>
        Read(consistency, static applied => applied, cancellationToken);

    /// <summary>Runs a function between two entries, while the state machine stands still. Quick functions only.</summary>
    /// <typeparam name="T">What the function returns.</typeparam>
    /// <param name="inspect">Gets the index of the last entry passed, of every type, and may read the state machine.</param>
    /// <returns>What the function returned.</returns>
    public Task<T> InspectAsync<T>(Func<ulong, T> inspect)
    {
        ArgumentNullException.ThrowIfNull(inspect);
        return Read(ReadConsistency.Local, inspect, cancellationToken: default);
    }

    private Task<T> Read<T>(ReadConsistency consistency, Func<ulong, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var future = new RequestFuture<T>();
        Task<T> task = Ask(future, () => _core.Routes.Reads.TryAdd(consistency, new FsmRead<T>(read, future)));
        if (cancellationToken.CanBeCanceled && !task.IsCompleted)
        {
            future.AbandonWhen(cancellationToken);
        }

        return task;
    }
}
