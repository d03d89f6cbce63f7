using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// Looks for an order of one key's operations in which each answer is right: depth first, the next operation being any
/// that no other, not placed yet, returned before it was invoked (Wing, Gong, "Testing and verifying concurrent objects",
/// 1993). Used again for key after key.
/// </summary>
/// <remarks>
/// <para>An operation of unknown outcome may stand anywhere behind its invoke, or nowhere. What is cut off:</para>
/// <list type="number">
/// <item>what was reached before, or is no better than that (<see cref="SearchMemo{TState}"/>);</item>
/// <item>an unknown operation that is used in vain (<see cref="IsInVain"/>) or before an equal, earlier one;</item>
/// <item>all alternatives to a read whose answer is right (<see cref="AlternativeTo"/>).</item>
/// </list>
/// <para>
/// Why nothing is missed: each cut is made in favour of a configuration, tried elsewhere, that can be completed if the one
/// cut off can, and with fewer unknown operations in all, or as many but fewer returned ones still to be placed, or
/// earlier twins. So from the least configuration by this measure a way on is always left.
/// </para>
/// </remarks>
internal sealed class KeySearch<TState, TCall, TResult>(SequentialSpecification<TState, TCall, TResult> specification)
    where TState : notnull
    where TCall : notnull
{
    private const int None = KeyOperations<TCall, TResult>.None;

    private readonly IEqualityComparer<TState> _states = specification.StateComparer;
    private readonly IEqualityComparer<TResult> _results = specification.ResultComparer;
    private readonly SearchMemo<TState> _memo = new(specification.StateComparer);
    private readonly KeyOperations<TCall, TResult> _operations = new();
    private readonly OpenList _openReturned = new();
    private readonly OpenList _openUnknown = new();
    private readonly PlacedOperations _placed = new();
    private readonly Stack<Placement> _order = new();
    private TState _state = default!;

    // Of the operations in the order of their returns, so many are placed without a gap.
    private int _returnsPlaced;

    /// <summary>How many operations all searches of this object have tried in some place of some order.</summary>
    public long Steps { get; private set; }

    private bool IsComplete => _returnsPlaced == _operations.ReturnedCount;

    /// <summary>Searches one key.</summary>
    /// <param name="operations">Its operations, in any order. They may be changed.</param>
    /// <param name="initial">The state before the first.</param>
    /// <param name="stepsMax">After so many steps the verdict is unknown.</param>
    public LinearizabilityVerdict Run(Span<SearchOperation<TCall, TResult>> operations, TState initial, long stepsMax)
    {
        Begin(operations, initial);
        long lastStep = Steps + stepsMax;
        int candidate = NextCandidate(None);
        while (!IsComplete)
        {
            if (candidate != None)
            {
                if (Steps == lastStep)
                {
                    return LinearizabilityVerdict.Unknown;
                }

                candidate = Try(candidate);
            }
            else if (_order.Count > 0)
            {
                candidate = TakeBack();
            }
            else
            {
                return LinearizabilityVerdict.Illegal;
            }
        }

        return LinearizabilityVerdict.Ok;
    }

    private void Begin(Span<SearchOperation<TCall, TResult>> operations, TState initial)
    {
        specification.Simplify(operations);
        _operations.Fill(operations);
        _openReturned.Fill(0, _operations.ReturnedCount);
        _openUnknown.Fill(_operations.ReturnedCount, _operations.Count);
        _placed.Clear(_operations.ReturnedCount, _operations.Count - _operations.ReturnedCount);
        _memo.Clear(_placed.ReturnedWords, _placed.Words.Length - _placed.ReturnedWords);
        _order.Clear();
        _state = initial;
        _returnsPlaced = 0;
    }

    /// <summary>
    /// What may come next: the returned operations first, so that unknown ones are spent only where they must be.
    /// </summary>
    /// <param name="previous">The candidate before it; none to begin.</param>
    private int NextCandidate(int previous)
    {
        if (IsComplete)
        {
            return None;
        }

        // Nothing comes next that was invoked after an open operation returned.
        long invokedAtMax = _operations[_operations.ByReturn(_returnsPlaced)].ReturnedAt;
        if (previous < _operations.ReturnedCount)
        {
            int returned = previous == None ? _openReturned.First : _openReturned.After(previous);
            if (returned != None && _operations[returned].InvokedAt <= invokedAtMax)
            {
                return returned;
            }
        }

        int unknown = previous < _operations.ReturnedCount ? _openUnknown.First : _openUnknown.After(previous);
        while (unknown != None && _operations.Twin(unknown) is var twin && twin != None && !_placed.Contains(twin))
        {
            unknown = _openUnknown.After(unknown);
        }

        return unknown != None && _operations[unknown].InvokedAt <= invokedAtMax ? unknown : None;
    }

    /// <summary>Places an operation, if it may stand here and leads to anything new.</summary>
    /// <returns>The candidate to be tried next: behind the operation if it was placed, else in its stead.</returns>
    private int Try(int operation)
    {
        Steps++;
        ref readonly SearchOperation<TCall, TResult> candidate = ref _operations[operation];
        (TState after, TResult result) = specification.Apply(_state, candidate.Call);
        if (candidate.HasReturned ? !_results.Equals(result, candidate.Result) : _states.Equals(after, _state))
        {
            return NextCandidate(operation);
        }

        if (IsRead(candidate) && !_states.Equals(after, _state))
        {
            throw new InvalidOperationException($"The specification calls {candidate.Call} a read, but it writes.");
        }

        if (_order.TryPeek(out Placement last) && IsInVain(last, candidate, after))
        {
            return AlternativeTo(operation);
        }

        _placed.Toggle(operation);
        if (!_memo.TryAdd(_placed.Words, _placed.ReturnedHash, after))
        {
            _placed.Toggle(operation);
            return AlternativeTo(operation);
        }

        _order.Push(new Placement(operation, _state));
        _state = after;
        OpenListOf(operation).Remove(operation);
        while (!IsComplete && _placed.Contains(_operations.ByReturn(_returnsPlaced)))
        {
            _returnsPlaced++;
        }

        return NextCandidate(None);
    }

    /// <summary>Undoes the last placement.</summary>
    /// <returns>The candidate to be tried in its stead.</returns>
    private int TakeBack()
    {
        Placement last = _order.Pop();
        _state = last.Before;
        _placed.Toggle(last.Operation);
        OpenListOf(last.Operation).Restore(last.Operation);
        if (last.Operation < _operations.ReturnedCount)
        {
            _returnsPlaced = Math.Min(_returnsPlaced, _operations.ReturnRank(last.Operation));
        }

        return AlternativeTo(last.Operation);
    }

    /// <summary>
    /// The next candidate after one that may stand here. None after a read: wherever it could come later, it can come now,
    /// and the others do not notice.
    /// </summary>
    private int AlternativeTo(int operation) => IsRead(_operations[operation]) ? None : NextCandidate(operation);

    private bool IsRead(in SearchOperation<TCall, TResult> operation) =>
        operation.HasReturned && specification.ChangedNothing(operation.Call, operation.Result);

    /// <summary>
    /// Whether an unknown operation, placed last, makes no difference to the one that would follow it: without it, that one
    /// would answer the same and leave the same state. So an unknown write is never followed at once by a put.
    /// </summary>
    private bool IsInVain(in Placement last, in SearchOperation<TCall, TResult> follower, TState afterBoth)
    {
        if (last.Operation < _operations.ReturnedCount)
        {
            return false;
        }

        (TState afterFollower, TResult result) = specification.Apply(last.Before, follower.Call);
        return _states.Equals(afterFollower, afterBoth)
            && (!follower.HasReturned || _results.Equals(result, follower.Result));
    }

    private OpenList OpenListOf(int operation) => operation < _operations.ReturnedCount ? _openReturned : _openUnknown;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Placement(int Operation, TState Before);
}
