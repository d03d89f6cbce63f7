using System.Collections.Concurrent;
using Raft.Core;
using Raft.Fsm;
using Raft.Roles;
using Raft.Rpc;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Sends the commands of callers here to the leader, those that wait together in one message. It says where in the log each stands,
/// and what became of it shows when this server's own state machine comes there: so the caller gets the answer of the state
/// machine here, and hears truly whether the command was done, whatever becomes of that leader.
/// </summary>
/// <remarks>
/// A command is sent again only where it is sure that nothing was appended. Commands come from any task; all else is the loop
/// scheduler's.
/// </remarks>
internal sealed class CommandForwarder(
    ServerId self, NodeBoard board, LoopInbox inbox, FsmRunner fsm, SentCommands sent, AskProtocol asks, PeerCapabilities capabilities,
    LiveConfig settings, NodeClock clock, CompletionRunner completions, TaskGroup tasks, LeaderProbe probe, WakeSignal wake)
{
    private const int InFlightMax = 2;

    private const string WasStopped = "The node was stopped. Nothing was appended.";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<RoutedFuture> _arrived = new();
    private readonly LinkedList<RoutedFuture> _waiting = new();
    private readonly PlacedCommands _placed = new(completions);
    private volatile bool _isClosed;
    private RaftException? _lastRefusal;
    private TimeSpan _notBefore;
    private int _inFlight;
    private int _count;
    private long _bytes;

    /// <summary>What became of an attempt to enter.</summary>
    /// <param name="future">The command.</param>
    /// <param name="timeout">How long it may take until a leader has appended it; zero or infinite for the setting's time.</param>
    public ApplyQueue.Entry Add(RoutedFuture future, TimeSpan timeout)
    {
        RaftLimits limits = settings.Current.Limits;
        TimeSpan longest = settings.Current.LeaderWaitTimeout;
        future.EnqueueDeadline = clock.Now + (timeout > TimeSpan.Zero && timeout < longest ? timeout : longest);
        int size = future.Bytes;
        if (Interlocked.Increment(ref _count) > limits.ApplyQueueCountMax
            | Interlocked.Add(ref _bytes, size) > limits.ApplyQueueBytesMax + size)
        {
            Leave(size);
            return ApplyQueue.Entry.Full;
        }

        if (_isClosed)
        {
            Leave(size);
            return ApplyQueue.Entry.Closed;
        }

        sent.Begin();
        _arrived.Enqueue(future);
        wake.Set();
        if (_isClosed)
        {
            // The task may have looked for the last time before this one came.
            Refuse();
        }

        return ApplyQueue.Entry.Taken;
    }

    /// <summary>The task.</summary>
    public async Task RunAsync()
    {
        using var timer = new DeadlineTimer(clock, wake);
        while (!_isClosed)
        {
            TimeSpan now = clock.Now;
            TakeIn(now);
            _placed.Expire(now);
            while (_waiting.Count > 0 && now >= _notBefore && _inFlight < InFlightMax)
            {
                Send(now);
            }

            if (_waiting.Count > 0)
            {
                TimeSpan due = _waiting.Min(static f => f.EnqueueDeadline);
                timer.Arm(_inFlight < InFlightMax && _notBefore < due ? _notBefore : due);
            }

            timer.Arm(_placed.Due);

            await wake.WaitAsync();
        }

        FailAll();
    }

    /// <summary>Ends the task; what was not sent is told so.</summary>
    public void Stop()
    {
        _isClosed = true;
        wake.Set();
    }

    /// <summary>Fails what was not sent; for a task that has ended.</summary>
    public void FailAll()
    {
        Refuse();
        foreach (RoutedFuture command in _waiting)
        {
            Fail(command, new RaftShutdownException(WasStopped));
        }

        _waiting.Clear();
    }

    private void Refuse()
    {
        while (_arrived.TryDequeue(out RoutedFuture? late))
        {
            Fail(late, new RaftShutdownException(WasStopped));
        }
    }

    private void TakeIn(TimeSpan now)
    {
        while (_arrived.TryDequeue(out RoutedFuture? arrived))
        {
            _waiting.AddLast(arrived);
        }

        for (LinkedListNode<RoutedFuture>? node = _waiting.First; node is not null;)
        {
            LinkedListNode<RoutedFuture>? following = node.Next;
            if (node.Value.EnqueueDeadline <= now)
            {
                _waiting.Remove(node);
                Fail(node.Value, _lastRefusal ?? new NotLeaderException(
                    $"{self} does not lead, and found no leader in time that takes its commands. Nothing was appended: try again."));
            }

            node = following;
        }
    }

    private void Send(TimeSpan now)
    {
        LeaderView leader = board.Leader;
        ulong term = board.Term;
        if (board.State == RaftState.Leader)
        {
            TakeHere(now);
            return;
        }

        if (!leader.IsKnown || leader.Id == self)
        {
            _lastRefusal = null;
            _notBefore = now + Pause;
            return;
        }

        if (capabilities.IsForeign(leader.Id))
        {
            Refuse(leader);
            return;
        }

        if (!capabilities.IsKnown(leader.Id))
        {
            // A server of another library would end the connection, as a leader does that dies with our commands.
            probe.Ask(new Server(leader.Id, leader.Address));
            _notBefore = now + Pause;
            return;
        }

        var group = new List<RoutedFuture>();
        long bytes = 0;
        RaftLimits limits = settings.Current.Limits;
        while (_waiting.First is { } first && group.Count < Math.Min(limits.BatchCountMax, LeaderMessages.CommandsMax)
            && (group.Count == 0 || bytes + first.Value.Bytes <= limits.BatchBytesMax))
        {
            _waiting.RemoveFirst();
            if (!first.Value.TryTake())
            {
                Forget(first.Value);
                continue;
            }

            bytes += first.Value.Bytes;
            group.Add(first.Value);
        }

        if (group.Count == 0)
        {
            return;
        }

        _inFlight++;
        tasks.Start($"commands for {leader.Id}", () => SendAsync(new Server(leader.Id, leader.Address), term, group, now));
    }

    /// <summary>This server leads by now.</summary>
    private void TakeHere(TimeSpan now)
    {
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            RoutedFuture command = first.Value;
            Forget(command);
            if (inbox.Applies.Add(command, command.EnqueueDeadline - now) != ApplyQueue.Entry.Taken)
            {
                completions.Add(command.Fail(new EnqueueTimeoutException("The apply queue is full. Nothing was appended: try again later.")));
            }
        }

        inbox.Wake.Set();
    }

    private void Refuse(LeaderView leader)
    {
        var why = new NotLeaderException(
            $"{self} does not lead; ask {leader.Id} at {leader.Address}, which is no server of this library and takes no commands from "
            + "others. Nothing was appended.");
        foreach (RoutedFuture command in _waiting)
        {
            Fail(command, why);
        }

        _waiting.Clear();
    }

    private async Task SendAsync(Server leader, ulong term, List<RoutedFuture> group, TimeSpan now)
    {
        try
        {
            TimeSpan patience = group.Min(f => f.EnqueueDeadline) - now;
            using var longest = new LeaderPatience(clock, board, settings.Current, leader.Id, term, tasks.Stopping);
            ReadOnlyMemory<byte> answer = await asks.AskAsync(
                leader, AskKind.Append, LeaderMessages.Append(group, patience), longest.Over);
            LeaderAnswer[] answers = LeaderMessages.ReadAnswers(answer.Span, group.Count);

            // From the last: those that are sent again keep their order.
            for (int i = group.Count - 1; i >= 0; i--)
            {
                Take(group[i], answers[i], leader.Id);
            }
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            for (int i = group.Count - 1; i >= 0; i--)
            {
                NoAnswer(group[i], leader, term, failure);
            }
        }
        finally
        {
            _inFlight--;
            wake.Set();
        }
    }

    private void Take(RoutedFuture command, LeaderAnswer answer, ServerId leader)
    {
        if (answer.Verdict == LeaderVerdict.Done)
        {
            command.Place(answer.Index, answer.Term);
            _placed.Add(command, clock.Now + settings.Current.LeaderWaitTimeout);
            Leave(command.Bytes);
            command.Appended();
            if (!fsm.TryAdd(new FsmExpect(command)))
            {
                completions.Add(command.Fail(new LeadershipLostException(
                    $"The node was stopped before entry {command.Index} of term {command.Term} was applied here. It may be done.",
                    command.Index, command.Term)));
            }
        }
        else if (answer.MayRetry)
        {
            Again(command, answer.ToException(leader));
        }
        else
        {
            Fail(command, answer.ToException(leader));
        }
    }

    private void NoAnswer(RoutedFuture command, Server leader, ulong term, Exception failure)
    {
        // What never had a connection did nothing. Of all else only the leader could tell.
        if (failure is TransportException { Failure: TransportFailure.Unreachable })
        {
            Again(command, new NotLeaderException(
                $"{self} does not lead, and {leader.Id} at {leader.Address} did not take its command. Nothing was appended. {failure.Message}"));
            return;
        }

        Fail(command, new LeadershipLostException(
            $"The command was sent to {leader.Id}, the leader of term {term}, which did not answer: {failure.Message} The command may "
            + "have been appended, and may still be done.",
            index: 0, term));
    }

    /// <summary>Nothing was appended: it is sent again, as long as there is time.</summary>
    private void Again(RoutedFuture command, RaftException why)
    {
        _lastRefusal = why;
        _notBefore = clock.Now + Pause;
        _waiting.AddFirst(command);
    }

    private void Fail(RoutedFuture command, Exception why)
    {
        Forget(command);
        completions.Add(command.Fail(why));
    }

    private void Forget(RoutedFuture command)
    {
        Leave(command.Bytes);
        sent.End();
    }

    private void Leave(int size)
    {
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -size);
    }
}
