using System.Globalization;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>The names of a <see cref="FileSnapshotStore"/>'s directories and files, as hashicorp/raft has them.</summary>
internal static class SnapshotFiles
{
    public const string Root = "snapshots";
    public const string Meta = "meta.json";
    public const string State = "state.bin";

    private const string Unfinished = ".tmp";
    private const int PartCount = 3;

    /// <summary>A snapshot's name.</summary>
    public static string Id(SnapshotPoint point, long unixMilliseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{point.Term}-{point.Index}-{unixMilliseconds}");

    /// <summary>What a snapshot's name tells.</summary>
    /// <returns>Whether it is such a name.</returns>
    public static bool TryParse(string id, out ulong term, out ulong index)
    {
        index = 0;
        string[] parts = id.Split('-');
        return ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out term)
            && parts.Length == PartCount
            && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)
            && ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>The name of a snapshot's directory while it is not complete, or not any more.</summary>
    public static string UnfinishedOf(string id) => id + Unfinished;

    /// <summary>Whether a directory has such a name. Others may end in the same way and are none of ours.</summary>
    public static bool IsUnfinished(string name, out string id)
    {
        id = name.EndsWith(Unfinished, StringComparison.Ordinal) ? name[..^Unfinished.Length] : "";
        string[] parts = id.Split('-');
        return parts.Length == PartCount && parts.All(part => part.Length > 0 && part.All(char.IsAsciiDigit));
    }
}
