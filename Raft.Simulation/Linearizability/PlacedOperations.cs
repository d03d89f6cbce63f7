namespace Raft.Simulation.Linearizability;

/// <summary>
/// Which operations of one key the search has placed: a bit for each returned one, then one for each unknown one.
/// </summary>
internal sealed class PlacedOperations
{
    private ulong[] _words = [];
    private int _returnedCount;

    /// <summary>How many of the words are for returned operations.</summary>
    public int ReturnedWords { get; private set; }

    /// <summary>All words.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>A hash of the returned operations among them.</summary>
    public ulong ReturnedHash { get; private set; }

    /// <summary>Makes place for the operations of the next key, none of them placed.</summary>
    public void Clear(int returnedCount, int unknownCount)
    {
        _returnedCount = returnedCount;
        ReturnedWords = WordsFor(returnedCount);
        _words = new ulong[ReturnedWords + WordsFor(unknownCount)];
        ReturnedHash = 0;
    }

    public bool Contains(int operation)
    {
        int bit = BitOf(operation);
        return (_words[bit >> 6] & (1UL << bit)) != 0;
    }

    /// <summary>Adds an operation, or takes it out if it is there.</summary>
    public void Toggle(int operation)
    {
        int bit = BitOf(operation);
        _words[bit >> 6] ^= 1UL << bit;
        if (operation < _returnedCount)
        {
            ulong mixed = (ulong)(operation + 1) * 0x9E37_79B9_7F4A_7C15;
            mixed = (mixed ^ (mixed >> 32)) * 0xD6E8_FEB8_6659_FD93;
            ReturnedHash ^= mixed ^ (mixed >> 32);
        }
    }

    private static int WordsFor(int count) => (count + 63) >> 6;

    private int BitOf(int operation) =>
        operation < _returnedCount ? operation : (ReturnedWords << 6) + operation - _returnedCount;
}
