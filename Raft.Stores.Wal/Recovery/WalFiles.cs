using System.Globalization;

namespace Raft.Stores.Wal.Recovery;

/// <summary>The names of a store's files.</summary>
internal static class WalFiles
{
    public const string Lock = "wal.lock";
    public const string NextSegment = "log-next.tmp";
    public const string Stable = "stable.rec";
    public const string StableNew = "stable.tmp";
    public const string Values = "values.rec";
    public const string ValuesNew = "values.tmp";

    private const string Prefix = "log-";
    private const string Suffix = ".wal";
    private const string NumberFormat = "D20";

    /// <summary>A segment's name. By ordinal the names stand in the segments' order.</summary>
    public static string Segment(ulong sequence) =>
        Prefix + sequence.ToString(NumberFormat, CultureInfo.InvariantCulture) + Suffix;

    /// <summary>Whether a name is a segment's.</summary>
    public static bool IsSegment(string name, out ulong sequence)
    {
        sequence = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(
                name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length), NumberStyles.None,
                CultureInfo.InvariantCulture, out sequence)
            && name == Segment(sequence);
    }

    /// <summary>Whether a file is part of what a server must not forget, so that its directory holds a store.</summary>
    public static bool HoldsState(string name) => name == Stable || IsSegment(name, out _);

    /// <summary>Whether a file is a store's, its lock left aside.</summary>
    public static bool IsStores(string name) =>
        HoldsState(name) || name is NextSegment or StableNew or Values or ValuesNew;
}
