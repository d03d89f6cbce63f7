using Raft.Fsm;

namespace Raft.Routing;

/// <summary>
/// The commands that the leader has appended and that were not applied here yet, in the order in which they are given up. What is not
/// applied here in time may be done, or may not: its caller is told the place, and can ask later.
/// </summary>
internal sealed class PlacedCommands(CompletionRunner completions)
{
    private readonly Queue<(RoutedFuture Command, TimeSpan Until)> _commands = new();

    /// <summary>When the first of them is given up; the maximum where there is none.</summary>
    public TimeSpan Due => _commands.TryPeek(out (RoutedFuture, TimeSpan Until) first) ? first.Until : TimeSpan.MaxValue;

    /// <summary>Takes one in.</summary>
    public void Add(RoutedFuture command, TimeSpan until) => _commands.Enqueue((command, until));

    /// <summary>Lets go of what is told, and gives up what is due.</summary>
    public void Expire(TimeSpan now)
    {
        while (_commands.TryPeek(out (RoutedFuture Command, TimeSpan Until) first) && (first.Command.IsTold || now >= first.Until))
        {
            _commands.Dequeue();
            RoutedFuture command = first.Command;
            if (!command.IsTold)
            {
                completions.Add(new Expiry(command, new LeadershipLostException(
                    $"The leader of term {command.Term} appended the command as entry {command.Index}, which was not applied here in time. "
                    + "It may be done, and may still be.",
                    command.Index, command.Term)));
            }
        }
    }

    private sealed class Expiry(RoutedFuture command, Exception why) : ICompletion
    {
        public void Complete() => command.Expire(why);
    }
}
