namespace Raft.Simulation.Linearizability;

/// <summary>
/// The operations that the search has not placed yet, in order of their invokes: a doubly linked list in which what was
/// removed last goes back to its place at no cost (dancing links).
/// </summary>
internal sealed class OpenList
{
    private int[] _next = [];
    private int[] _previous = [];
    private int _begin;
    private int _end;

    /// <summary>What <see cref="First"/> and <see cref="After"/> give when nothing is left.</summary>
    public const int None = -1;

    public int First => After(_end);

    /// <summary>Fills the list with the numbers from <paramref name="begin"/> to before <paramref name="end"/>.</summary>
    public void Fill(int begin, int end)
    {
        _begin = begin;
        _end = end;
        int length = end - begin + 1;
        if (_next.Length < length)
        {
            _next = new int[length];
            _previous = new int[length];
        }

        // The place behind the last is the head: its next is the first.
        for (int i = 0; i < length; i++)
        {
            _next[i] = i + 1 < length ? i + 1 : 0;
            _previous[i] = i > 0 ? i - 1 : length - 1;
        }
    }

    /// <summary>The next one that is left behind one that is left.</summary>
    public int After(int operation)
    {
        int next = _next[operation - _begin] + _begin;
        return next == _end ? None : next;
    }

    public void Remove(int operation)
    {
        int at = operation - _begin;
        _next[_previous[at]] = _next[at];
        _previous[_next[at]] = _previous[at];
    }

    /// <summary>Undoes the last <see cref="Remove"/> that is not undone.</summary>
    public void Restore(int operation)
    {
        int at = operation - _begin;
        _next[_previous[at]] = at;
        _previous[_next[at]] = at;
    }
}
