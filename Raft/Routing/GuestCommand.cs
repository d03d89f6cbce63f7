using Raft.Fsm;

namespace Raft.Routing;

/// <summary>
/// A command that another server sent to this one as the leader. The sender is told where it stands as soon as it is appended; what
/// becomes of it there, the sender sees in its own log.
/// </summary>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside it.</param>
/// <param name="sender">Who sent it.</param>
/// <param name="group">The commands that came together.</param>
/// <param name="position">Which of them this is.</param>
internal sealed class GuestCommand(
    ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions, ServerId sender, GuestGroup group, int position)
    : ApplyFuture(LogType.Command, data, extensions)
{
    private int _isTold;

    /// <inheritdoc/>
    public override ServerId Sender => sender;

    /// <inheritdoc/>
    public override void Appended()
    {
        base.Appended();
        Tell(LeaderAnswer.Done(Index, Term));
    }

    /// <summary>It was refused before it was appended; or its end is known, of which the sender is not told here.</summary>
    public override void Complete()
    {
        if (Failure is { } why)
        {
            Tell(LeaderAnswer.Of(why));
        }
    }

    private void Tell(LeaderAnswer answer)
    {
        if (Interlocked.Exchange(ref _isTold, 1) == 0)
        {
            group.Set(position, answer);
        }
    }
}
