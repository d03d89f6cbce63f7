namespace Raft.Fsm.Sample.Import;

/// <summary>What a path leads to, so that two names of one directory are seen to be that.</summary>
internal static class RealPath
{
    private const int LinksMax = 64;

    /// <summary>Follows the links in every part of a path. What does not exist, or leads in a circle, stays as it is named.</summary>
    public static string Of(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        int links = 0;
        return Resolve(full, ref links);
    }

    private static string Resolve(string full, ref int links)
    {
        string? parent = Path.GetDirectoryName(full);
        if (parent is null)
        {
            return full;
        }

        string there = Path.Combine(Resolve(parent, ref links), Path.GetFileName(full));
        if (new DirectoryInfo(there).LinkTarget is not { } target)
        {
            return there;
        }

        return ++links <= LinksMax
            ? Resolve(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target, Path.GetDirectoryName(there)!)), ref links)
            : there;
    }
}
