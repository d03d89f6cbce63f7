using System.Globalization;

namespace Raft.Stores.Bolt.Format;

/// <summary>A page of a file, for whoever has to say what is wrong with it.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Page">The page's number.</param>
internal readonly record struct Place(string File, ulong Page)
{
    private const string WayOut =
        "The file was not changed. Restore it, or remove this server from its cluster and let it rejoin with an empty directory.";

    /// <summary>The refusal of a file for what stands at this place.</summary>
    /// <param name="why">What is wrong.</param>
    public CorruptStoreException Refuse(string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{File}, page {Page}: {why}. {WayOut}"));

    /// <summary>The refusal of a file for what stands at this place, and what showed it.</summary>
    /// <param name="why">What is wrong.</param>
    /// <param name="cause">What showed it.</param>
    public CorruptStoreException Refuse(string why, Exception cause) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{File}, page {Page}: {why}. {WayOut}"), cause);
}
