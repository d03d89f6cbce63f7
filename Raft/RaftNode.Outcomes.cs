using Raft.Fsm;

namespace Raft;

/// <content>Commands whose outcome is told as a value, and what became of those whose outcome was not known.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Replicates a command and applies it, like <see cref="ApplyAsync"/>, and always says one of three things: it is done, it is
    /// surely not done, or that is not known, with the place in the log to ask for later (<see cref="ResolveAsync"/>).
    /// </summary>
    /// <param name="command">The command; its bytes must not change until the call completes.</param>
    /// <param name="timeout">As for <see cref="ApplyAsync"/>.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. A command that was not taken up by then never will be, and is surely not done.
    /// </param>
    /// <returns>The outcome; no exception but for wrong use.</returns>
    public Task<ApplyOutcome> TryApplyAsync(
        ReadOnlyMemory<byte> command, TimeSpan timeout = default, CancellationToken cancellationToken = default)
    {
        _core.Meter.Apply?.Add(1);
        var tried = new TriedCommand(command, extensions: default);
        if (WhyTooLarge(command.Length) is { } tooLarge)
        {
            return tried.Refused(tooLarge);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            tried.EndWhen(cancellationToken);
            return tried.Outcome;
        }

        if (Enter(tried, timeout) is { } refusal)
        {
            return tried.Refused(refusal);
        }

        if (cancellationToken.CanBeCanceled)
        {
            tried.EndWhen(cancellationToken);
        }

        return tried.Outcome;
    }

    /// <summary>
    /// Says what became of a command whose outcome was not known, by what is committed now: on every server, also long after. As long
    /// as the leader that appended it leads on, it is waited for.
    /// </summary>
    /// <param name="index">Its place in the log (<see cref="ApplyOutcome.Index"/>, <see cref="LeadershipLostException.Index"/>).</param>
    /// <param name="term">The term it was appended in, told beside.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// <see cref="CommandFate.Unknown"/> only where that place or term is 0, or has gone into a snapshot, which does not tell.
    /// </returns>
    /// <exception cref="NotLeaderException">No leader confirmed in time what is committed. Ask again.</exception>
    /// <exception cref="RaftShutdownException">The node was stopped.</exception>
    public Task<CommandFate> ResolveAsync(ulong index, ulong term, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<CommandFate>(cancellationToken);
        }

        if (index == 0 || term == 0)
        {
            return Task.FromResult(CommandFate.Unknown);
        }

        var future = new RequestFuture<CommandFate>();
        Task<CommandFate> task = Ask(future, () => _core.Routes.Fates.TryBegin(index, term, future));
        if (cancellationToken.CanBeCanceled && !task.IsCompleted)
        {
            future.AbandonWhen(cancellationToken);
        }

        return task;
    }
}
