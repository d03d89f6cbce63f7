using System.Text;

namespace Raft.Simulation.Linearizability;

/// <summary>Explains why a key is not linearizable, by as few of its operations as contradict each other already.</summary>
/// <remarks>
/// First the history is cut at the earliest answer that no order explains: what returned later is unknown then. Next one
/// operation after the other is made unknown, as if its client had never heard of it, as long as the rest stays illegal.
/// To know less never makes an order impossible, so each step is sound, and at the end each operation left is needed.
/// </remarks>
internal sealed class Contradiction<TState, TCall, TResult>
    where TState : notnull
    where TCall : notnull
{
    /// <summary>Of the operations whose outcome does not matter, so many are shown that may explain others.</summary>
    private const int PossibleCausesMax = 6;

    /// <summary>What one search may cost, and all together: beyond it, the explanation is longer than it need be.</summary>
    private const long StepsMaxOfOne = 100_000;
    private const long StepsMaxOfAll = 5_000_000;

    private readonly string _key;
    private readonly SequentialSpecification<TState, TCall, TResult> _specification;
    private readonly KeySearch<TState, TCall, TResult> _search;
    private readonly HistoryOperation<TCall, TResult>[] _operations;
    private readonly bool[] _isBinding;
    private readonly List<SearchOperation<TCall, TResult>> _searched = [];
    private readonly long _lastStep;
    private TimeSpan _end = TimeSpan.MaxValue;

    /// <param name="key">A key whose verdict is illegal.</param>
    /// <param name="operations">Its operations.</param>
    /// <param name="specification">What their answers are measured by.</param>
    /// <param name="search">The search to be used.</param>
    public Contradiction(
        string key,
        IEnumerable<HistoryOperation<TCall, TResult>> operations,
        SequentialSpecification<TState, TCall, TResult> specification,
        KeySearch<TState, TCall, TResult> search)
    {
        _key = key;
        _specification = specification;
        _search = search;
        _operations = [.. operations.OrderBy(o => o.InvokedAt)];
        _isBinding = [.. _operations.Select(o => o.Outcome == OperationOutcome.Returned)];
        _lastStep = search.Steps + StepsMaxOfAll;
    }

    /// <summary>Finds the contradiction and describes it.</summary>
    public string Explain()
    {
        CutAtFirstUnexplained();
        LoosenWhatIsNotNeeded();
        return Describe();
    }

    private void CutAtFirstUnexplained()
    {
        TimeSpan[] ends = [.. _operations.Select(o => o.EndedAt).OfType<TimeSpan>().Order()];
        int legal = -1;
        int illegal = ends.Length - 1;
        while (illegal - legal > 1)
        {
            int middle = legal + ((illegal - legal) / 2);
            _end = ends[middle];
            if (IsIllegal())
            {
                illegal = middle;
            }
            else
            {
                legal = middle;
            }
        }

        _end = ends[illegal];
        for (int i = 0; i < _operations.Length; i++)
        {
            _isBinding[i] &= _operations[i].EndedAt <= _end;
        }
    }

    private void LoosenWhatIsNotNeeded()
    {
        // Reads first: of what a value's write and its reads tell alike, the write says more.
        int[] binding = [.. Enumerable.Range(0, _operations.Length).Where(i => _isBinding[i])
            .OrderByDescending(i => _specification.IsRead(_operations[i].Call))];
        for (int size = Math.Max(1, binding.Length / 2); ; size /= 2)
        {
            foreach (int[] group in binding.Where(i => _isBinding[i]).Chunk(size))
            {
                SetBinding(group, isBinding: false);
                if (!IsIllegal())
                {
                    SetBinding(group, isBinding: true);
                }
            }

            if (size == 1)
            {
                return;
            }
        }
    }

    private void SetBinding(int[] group, bool isBinding)
    {
        foreach (int i in group)
        {
            _isBinding[i] = isBinding;
        }
    }

    private bool IsIllegal()
    {
        if (_search.Steps >= _lastStep)
        {
            return false;
        }

        _searched.Clear();
        for (int i = 0; i < _operations.Length && _operations[i].InvokedAt <= _end; i++)
        {
            SearchOperation<TCall, TResult> operation = SearchOperation<TCall, TResult>.From(_operations[i]);
            if (_isBinding[i] && _operations[i].EndedAt <= _end)
            {
                _searched.Add(operation);
            }
            else if (!_specification.IsRead(operation.Call))
            {
                _searched.Add(operation.WithUnknownOutcome());
            }
        }

        return _search.Run([.. _searched], _specification.InitialState(_key), StepsMaxOfOne)
            == LinearizabilityVerdict.Illegal;
    }

    private string Describe()
    {
        HashSet<int> causes = PossibleCauses();
        int left = _operations.Length - _isBinding.Count(b => b) - causes.Count;
        string others = left == 0 ? "" : $", whatever the other {left} did";
        var text = new StringBuilder($"key \"{_key}\": no order explains these answers{others}:");
        for (int i = 0; i < _operations.Length; i++)
        {
            if (_isBinding[i] || causes.Contains(i))
            {
                bool isLast = _isBinding[i] && _operations[i].EndedAt == _end;
                text.Append($"\n  {_specification.Line(_operations[i])}");
                text.Append(isLast ? "  <- what came before can be explained" : "");
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// Operations whose own outcome does not matter, but after which an answer that does would be right, and would not
    /// have been before: to a reader it looks as if their effect had been seen.
    /// </summary>
    private HashSet<int> PossibleCauses()
    {
        TState initial = _specification.InitialState(_key);
        HashSet<TState> states = new(_specification.StateComparer) { initial };
        states.UnionWith(_operations.Select(o => _specification.Apply(initial, o.Call).State));
        var causes = new HashSet<int>();
        for (int i = _operations.Length - 1; i >= 0 && causes.Count < PossibleCausesMax; i--)
        {
            if (!_isBinding[i] && _operations[i].InvokedAt <= _end
                && states.Any(s => MakesAnAnswerRight(s, _operations[i].Call)))
            {
                causes.Add(i);
            }
        }

        return causes;
    }

    private bool MakesAnAnswerRight(TState state, TCall cause)
    {
        TState after = _specification.Apply(state, cause).State;
        return _operations.Where((o, i) => _isBinding[i] && !IsRight(o, state) && IsRight(o, after)).Any();
    }

    private bool IsRight(HistoryOperation<TCall, TResult> operation, TState state) =>
        _specification.ResultComparer.Equals(_specification.Apply(state, operation.Call).Result, operation.Result!);
}
