namespace Raft.Stores.LiteDb.Files;

/// <summary>Where the files of a database are.</summary>
/// <param name="Directory">The directory that holds them and nothing else.</param>
internal readonly record struct DatabasePlaces(string Directory)
{
    private const string DataName = "raft.db";
    private const string FramesName = "raft.frames";
    private const string SumsName = "raft.sums";

    /// <summary>The names of all files.</summary>
    public static IReadOnlyList<string> Names { get; } = [DataName, FramesName, SumsName];

    /// <summary>LiteDB's data file.</summary>
    public string Data => Path.Combine(Directory, DataName);

    /// <summary>The log, in frames.</summary>
    public string Frames => Path.Combine(Directory, FramesName);

    /// <summary>The checksums of the data file's pages.</summary>
    public string Sums => Path.Combine(Directory, SumsName);
}
