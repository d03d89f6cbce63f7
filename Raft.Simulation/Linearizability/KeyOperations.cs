using System.Numerics;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// One key's operations, numbered for the search: the returned ones in the order of their invokes, then those of unknown
/// outcome in the order of theirs. Used again for key after key.
/// </summary>
internal sealed class KeyOperations<TCall, TResult>
    where TCall : notnull
{
    /// <summary>Stands for "no operation".</summary>
    public const int None = -1;

    private readonly Dictionary<TCall, int> _lastOfCall = [];
    private SearchOperation<TCall, TResult>[] _operations = [];
    private int[] _byReturn = [];
    private int[] _returnRank = [];
    private int[] _twin = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many returned: those with the numbers below it.</summary>
    public int ReturnedCount { get; private set; }

    /// <summary>The operation of a number.</summary>
    public ref readonly SearchOperation<TCall, TResult> this[int operation] => ref _operations[operation];

    /// <summary>Which operation returned as the first, the second, and so on.</summary>
    public int ByReturn(int rank) => _byReturn[rank];

    /// <summary>Where a returned operation stands in that order.</summary>
    public int ReturnRank(int operation) => _returnRank[operation];

    /// <summary>
    /// For an unknown operation the last one before it with the same call, which will do wherever it would; or none.
    /// </summary>
    public int Twin(int operation) => _twin[operation];

    /// <summary>Takes the operations of the next key.</summary>
    public void Fill(ReadOnlySpan<SearchOperation<TCall, TResult>> operations)
    {
        Count = operations.Length;
        if (_operations.Length < Count)
        {
            int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Count);
            _operations = new SearchOperation<TCall, TResult>[capacity];
            _byReturn = new int[capacity];
            _returnRank = new int[capacity];
            _twin = new int[capacity];
        }

        operations.CopyTo(_operations);
        _operations.AsSpan(0, Count).Sort(static (a, b) => a.HasReturned == b.HasReturned
            ? a.InvokedAt.CompareTo(b.InvokedAt)
            : b.HasReturned.CompareTo(a.HasReturned));
        RankReturns();
        FindTwins();
    }

    private void RankReturns()
    {
        for (ReturnedCount = 0; ReturnedCount < Count && _operations[ReturnedCount].HasReturned; ReturnedCount++)
        {
            _byReturn[ReturnedCount] = ReturnedCount;
        }

        _byReturn.AsSpan(0, ReturnedCount).Sort((a, b) => _operations[a].ReturnedAt.CompareTo(_operations[b].ReturnedAt));
        for (int rank = 0; rank < ReturnedCount; rank++)
        {
            _returnRank[_byReturn[rank]] = rank;
        }
    }

    private void FindTwins()
    {
        _lastOfCall.Clear();
        for (int i = ReturnedCount; i < Count; i++)
        {
            _twin[i] = _lastOfCall.GetValueOrDefault(_operations[i].Call, None);
            _lastOfCall[_operations[i].Call] = i;
        }
    }
}
