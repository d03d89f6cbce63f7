using System.Runtime.InteropServices;

namespace Raft.Stores.LiteDb.Runs;

/// <summary>Which entries stand in which run. Owned by the store's thread.</summary>
/// <remarks>A run is known by the index of its first entry, and reaches up to the next one.</remarks>
internal sealed class RunTable
{
    private readonly List<ulong> _firsts = [];

    // How many bytes each has; 0 where that is not known, since it was there when the store was opened.
    private readonly List<int> _bytes = [];

    // Those before it were dropped; they leave the list when they are more than half of it.
    private int _head;

    /// <summary>The index of the last entry of all, or 0.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>The index of the first entry of all, or 0.</summary>
    public ulong FirstIndex => IsEmpty ? 0 : _firsts[_head];

    /// <summary>How many runs there are.</summary>
    public int Count => _firsts.Count - _head;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The first index of the newest run.</summary>
    public ulong NewestRun => _firsts[^1];

    /// <summary>Adds runs that were found in the database.</summary>
    /// <param name="firsts">Their first indexes, ascending.</param>
    /// <param name="lastIndex">The last index of the last of them.</param>
    public void Load(IEnumerable<ulong> firsts, ulong lastIndex)
    {
        _firsts.AddRange(firsts);
        _bytes.AddRange(Enumerable.Repeat(0, _firsts.Count));
        LastIndex = lastIndex;
    }

    /// <summary>Adds a run, or makes the newest one longer.</summary>
    public void Put(ulong firstIndex, ulong lastIndex, int bytes)
    {
        if (IsEmpty || firstIndex != NewestRun)
        {
            Invariant.Require(IsEmpty || firstIndex == LastIndex + 1, "a run begins right behind the one before");
            _firsts.Add(firstIndex);
            _bytes.Add(bytes);
        }

        _bytes[^1] = bytes;
        LastIndex = lastIndex;
    }

    /// <summary>The run that holds an entry, if it is held.</summary>
    /// <param name="index">The entry's index.</param>
    /// <param name="runFirst">The run's first index.</param>
    /// <param name="runLast">The run's last index.</param>
    public bool TryFind(ulong index, out ulong runFirst, out ulong runLast)
    {
        runFirst = runLast = 0;
        if (IsEmpty || index < FirstIndex || index > LastIndex)
        {
            return false;
        }

        ReadOnlySpan<ulong> firsts = CollectionsMarshal.AsSpan(_firsts)[_head..];
        int at = firsts.BinarySearch(index);
        at = at >= 0 ? at : ~at - 1;
        runFirst = firsts[at];
        runLast = at + 1 < firsts.Length ? firsts[at + 1] - 1 : LastIndex;
        return true;
    }

    /// <summary>Takes the oldest run away, if none of its entries must stay.</summary>
    /// <param name="throughIndex">The highest index that may go.</param>
    /// <param name="runFirst">The run.</param>
    /// <param name="bytesMost">How many bytes it has at most.</param>
    public bool TryTakeOldest(ulong throughIndex, out ulong runFirst, out int bytesMost)
    {
        runFirst = FirstIndex;
        bytesMost = 0;
        if (!HasOldest(throughIndex))
        {
            return false;
        }

        bytesMost = BytesMost(_head);
        _head++;
        if (_head > _firsts.Count / 2)
        {
            _firsts.RemoveRange(0, _head);
            _bytes.RemoveRange(0, _head);
            _head = 0;
        }

        LastIndex = IsEmpty ? 0 : LastIndex;
        return true;
    }

    /// <summary>Whether there is a run of which no entry must stay.</summary>
    /// <param name="throughIndex">The highest index that may go.</param>
    public bool HasOldest(ulong throughIndex) =>
        !IsEmpty && (Count > 1 ? _firsts[_head + 1] - 1 : LastIndex) <= throughIndex;

    /// <summary>Takes the newest run away, if it begins at or behind an index.</summary>
    /// <param name="fromIndex">The lowest index that goes.</param>
    /// <param name="runFirst">The run.</param>
    /// <param name="bytesMost">How many bytes it has at most.</param>
    public bool TryTakeNewest(ulong fromIndex, out ulong runFirst, out int bytesMost)
    {
        runFirst = IsEmpty ? 0 : NewestRun;
        bytesMost = 0;
        if (IsEmpty || runFirst < fromIndex)
        {
            return false;
        }

        bytesMost = BytesMost(_firsts.Count - 1);
        _firsts.RemoveAt(_firsts.Count - 1);
        _bytes.RemoveAt(_bytes.Count - 1);
        LastIndex = IsEmpty ? 0 : runFirst - 1;
        return true;
    }

    /// <summary>The newest run ends earlier from now on.</summary>
    public void Shorten(ulong lastIndex) => LastIndex = lastIndex;

    // Only a run of a single entry may have more than a run is cut at.
    private int BytesMost(int at)
    {
        ulong last = at + 1 < _firsts.Count ? _firsts[at + 1] - 1 : LastIndex;
        return _bytes[at] != 0 ? _bytes[at] : last == _firsts[at] ? RunWriter.EntryBytesMax : RunWriter.RunBytesMax;
    }
}
