namespace Raft.Fsm.Sample.Kv;

/// <summary>The order of texts by their UTF-8 bytes, found without making the bytes.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    private Utf8Order()
    {
    }

    /// <summary>The order.</summary>
    public static Utf8Order Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> one = x;
        ReadOnlySpan<char> other = y;
        int common = one.CommonPrefixLength(other);
        return common == one.Length || common == other.Length
            ? one.Length.CompareTo(other.Length)
            : Rank(one[common]) - Rank(other[common]);
    }

    // Surrogates stand for characters above all others, but are themselves below U+E000.
    private static int Rank(char unit) => unit switch
    {
        < '\ud800' => unit,
        < '\ue000' => unit + 0x2000,
        _ => unit - 0x800,
    };
}
