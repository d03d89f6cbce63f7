using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// The configurations that one search has reached: which operations are placed, and the state they led to (Lowe,
/// "Testing for linearizability", 2017).
/// </summary>
/// <remarks>
/// A configuration dominates another with the same state and the same returned operations placed, if it has spent no
/// operation of unknown outcome that the other has not spent: whatever completes the other completes it too.
/// </remarks>
internal sealed class SearchMemo<TState>(IEqualityComparer<TState> comparer)
    where TState : notnull
{
    private const int BucketsMin = 64;

    /// <summary>A search that needed more leaves so many to clear that new ones are cheaper.</summary>
    private const int BucketsKept = 4096;

    private int[] _buckets = new int[BucketsMin];
    private Entry[] _entries = new Entry[BucketsMin];
    private ulong[] _words = new ulong[BucketsMin];
    private int _count;
    private int _returnedWords;
    private int _unknownWords;

    /// <summary>Forgets everything.</summary>
    /// <param name="returnedWords">How many words say which returned operations are placed.</param>
    /// <param name="unknownWords">How many words behind them say which unknown ones are.</param>
    public void Clear(int returnedWords, int unknownWords)
    {
        _returnedWords = returnedWords;
        _unknownWords = unknownWords;
        _count = 0;
        if (_buckets.Length > BucketsKept)
        {
            _buckets = new int[BucketsMin];
        }

        Array.Clear(_buckets);
    }

    /// <summary>Adds a configuration.</summary>
    /// <param name="placed">A bit for each returned operation that is placed, then one for each unknown one.</param>
    /// <param name="returnedHash">A hash of the returned operations that are placed.</param>
    /// <param name="state">The state that they led to.</param>
    /// <returns>False if a known one dominates it or equals it: there is nothing new to find from here.</returns>
    public bool TryAdd(ReadOnlySpan<ulong> placed, ulong returnedHash, TState state)
    {
        ulong hash = returnedHash ^ ((ulong)(uint)comparer.GetHashCode(state) * 0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 32;
        ref int bucket = ref _buckets[(int)hash & (_buckets.Length - 1)];
        for (int i = bucket - 1; i >= 0; i = _entries[i].Next)
        {
            if (_entries[i].Hash == (uint)hash && comparer.Equals(_entries[i].State, state)
                && WordsOf(i)[.._returnedWords].SequenceEqual(placed[.._returnedWords])
                && IsSubset(WordsOf(i)[_returnedWords..], of: placed[_returnedWords..]))
            {
                return false;
            }
        }

        Reserve(placed.Length);
        placed.CopyTo(_words.AsSpan(_count * placed.Length));
        _entries[_count] = new Entry { State = state, Hash = (uint)hash, Next = bucket - 1 };
        bucket = ++_count;
        if (_count > _buckets.Length)
        {
            Rehash();
        }

        return true;
    }

    private static bool IsSubset(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> of)
    {
        for (int i = 0; i < words.Length; i++)
        {
            if ((words[i] & ~of[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private ReadOnlySpan<ulong> WordsOf(int entry)
    {
        int length = _returnedWords + _unknownWords;
        return _words.AsSpan(entry * length, length);
    }

    private void Reserve(int wordCount)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }

        if ((_count + 1) * wordCount > _words.Length)
        {
            Array.Resize(ref _words, Math.Max(_words.Length * 2, (_count + 1) * wordCount));
        }
    }

    private void Rehash()
    {
        _buckets = new int[_buckets.Length * 4];
        for (int i = 0; i < _count; i++)
        {
            ref int bucket = ref _buckets[(int)_entries[i].Hash & (_buckets.Length - 1)];
            _entries[i].Next = bucket - 1;
            bucket = i + 1;
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Entry
    {
        public TState State;
        public uint Hash;

        /// <summary>The next entry of the same bucket; -1 behind the last.</summary>
        public int Next;
    }
}
