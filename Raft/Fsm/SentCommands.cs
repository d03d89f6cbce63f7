namespace Raft.Fsm;

/// <summary>
/// The commands of callers here that were sent to the leader. It says where in the log each stands; what became of it, and what
/// the state machine answers, shows here when that index is applied. Owned by the state machine's task, but for
/// <see cref="Begin"/> and <see cref="End"/>.
/// </summary>
/// <remarks>
/// An entry may be applied here before its place is known here. As long as places are awaited, the last answers are kept.
/// </remarks>
internal sealed class SentCommands(CompletionRunner completions)
{
    /// <summary>How many answers are kept: a place is known long before so much else is applied, or its answer is lost.</summary>
    private const int KeptMax = 4096;

    private readonly Dictionary<ulong, List<RoutedFuture>> _expected = [];
    private readonly Queue<(ulong Index, ulong Term, object? Response)> _kept = new();
    private int _awaited;
    private ulong _appliedTerm;

    /// <summary>A command is sent: answers are kept until its place is known. Any task may say so.</summary>
    public void Begin() => Interlocked.Increment(ref _awaited);

    /// <summary>One of them was not appended, or nobody knows. Any task may say so.</summary>
    public void End() => Interlocked.Decrement(ref _awaited);

    /// <summary>Takes in a command whose place is known.</summary>
    public void Add(RoutedFuture future, ulong appliedIndex)
    {
        // Only now: what was applied before this one's turn came must still be kept.
        End();
        if (future.Index > appliedIndex)
        {
            if (future.Term < _appliedTerm)
            {
                Overtake(future);
                return;
            }

            if (!_expected.TryGetValue(future.Index, out List<RoutedFuture>? same))
            {
                _expected[future.Index] = same = [];
            }

            // Leaders of two terms may have given one place twice; what is applied there is one's at most.
            same.Add(future);
            return;
        }

        foreach ((ulong index, ulong term, object? response) in _kept)
        {
            if (index == future.Index)
            {
                Settle(future, term, response);
                return;
            }
        }

        Lose(future, "was applied here before its place was known, and its answer is not kept");
    }

    /// <summary>An entry was applied.</summary>
    public void Applied(LogEntry entry, object? response)
    {
        if (Volatile.Read(ref _awaited) > 0)
        {
            _kept.Enqueue((entry.Index, entry.Term, response));
            if (_kept.Count > KeptMax)
            {
                _kept.Dequeue();
            }
        }
        else if (_kept.Count > 0)
        {
            _kept.Clear();
        }

        if (entry.Term > _appliedTerm)
        {
            _appliedTerm = entry.Term;
            OvertakeEarlier(entry.Index);
        }

        if (_expected.Count > 0 && _expected.Remove(entry.Index, out List<RoutedFuture>? futures))
        {
            foreach (RoutedFuture future in futures)
            {
                Settle(future, entry.Term, response);
            }
        }
    }

    /// <summary>A snapshot stands in the place of entries up to an index: what became of those is not shown.</summary>
    public void Covered(ulong index, ulong term)
    {
        _appliedTerm = Math.Max(_appliedTerm, term);
        OvertakeEarlier(index);
        _kept.Clear();
        foreach (ulong covered in _expected.Keys.Where(i => i <= index).ToArray())
        {
            _expected.Remove(covered, out List<RoutedFuture>? futures);
            futures!.ForEach(f => Lose(f, "is covered by a snapshot, which does not tell whether it was committed"));
        }
    }

    /// <summary>The node stops.</summary>
    public void Fail()
    {
        foreach (List<RoutedFuture> futures in _expected.Values)
        {
            futures.ForEach(f => Lose(f, "was appended by the leader, and this node was stopped before it was applied here"));
        }

        _expected.Clear();
    }

    private void Settle(RoutedFuture future, ulong term, object? response)
    {
        if (term == future.Term)
        {
            future.Applied(response);
        }
        else
        {
            Overtake(future);
            return;
        }

        completions.Add(future);
    }

    /// <summary>
    /// An entry of a newer term is committed: behind it there are none of terms before, so what stood further back in those has
    /// gone from every log that can lead.
    /// </summary>
    private void OvertakeEarlier(ulong index)
    {
        foreach (ulong later in _expected.Keys.Where(i => i > index).ToArray())
        {
            List<RoutedFuture> futures = _expected[later];
            List<RoutedFuture> overtaken = futures.FindAll(f => f.Term < _appliedTerm);
            futures.RemoveAll(f => f.Term < _appliedTerm);
            overtaken.ForEach(Overtake);
            if (futures.Count == 0)
            {
                _expected.Remove(later);
            }
        }
    }

    private void Overtake(RoutedFuture future) => completions.Add(future.Fail(new EntryOvertakenException(
        $"The command was appended as entry {future.Index} of term {future.Term}, and a later leader put another in its place. "
        + "It is not done and never will be: it can be sent again.",
        future.Index, future.Term)));

    private void Lose(RoutedFuture future, string why) => completions.Add(future.Fail(new LeadershipLostException(
        $"Entry {future.Index} of term {future.Term} {why}. The command may have been done.", future.Index, future.Term)));
}
