namespace Raft.Simulation.Disk;

/// <summary>
/// The names on a disk in memory, and which of them a power cut leaves. A sync makes the changes in one directory
/// durable and no others: a directory may have its durable name while the files in it have none.
/// </summary>
internal sealed class NameTree<TFile>
    where TFile : class
{
    private readonly NameDirectory<TFile> _root = new();
    private readonly List<NameChange<TFile>> _changes = [];

    /// <summary>How many changes are not durable yet.</summary>
    public int PendingCount => _changes.Count;

    /// <summary>The files by their full paths, with slashes; put together at each call.</summary>
    public SortedDictionary<string, TFile> Files()
    {
        var files = new SortedDictionary<string, TFile>(StringComparer.Ordinal);
        Collect(_root, "", files);
        return files;
    }

    /// <summary>The file of a path, or null.</summary>
    public TFile? Find(string path) => Node(path)?.File;

    /// <summary>Whether a directory is there.</summary>
    public bool HasDirectory(string path) => FindDirectory(path) is not null;

    /// <summary>The names of the files in a directory.</summary>
    public IReadOnlyList<string> FileNames(string directory) =>
        [.. Entries(directory).Where(entry => entry.Value.File is not null).Select(entry => entry.Key)];

    /// <summary>The names of the directories in a directory.</summary>
    public IReadOnlyList<string> DirectoryNames(string directory) =>
        [.. Entries(directory).Where(entry => entry.Value.Directory is not null).Select(entry => entry.Key)];

    /// <summary>Creates a directory and its parents, durably, where they are missing.</summary>
    public void CreateDirectory(string path) => RequireDirectory(path);

    /// <summary>A file that is to come.</summary>
    public NameChange<TFile> Creation(string path, TFile file) =>
        new(RequireDirectory(Parent(path)), Gone: null, Name(path), new NameNode<TFile>(file, null));

    /// <summary>A file or directory that is to get another name in its directory.</summary>
    /// <exception cref="IOException">It does not exist, or is to leave its directory.</exception>
    public NameChange<TFile> Renaming(string from, string to) => Parent(from) == Parent(to)
        ? new(
            RequireDirectory(Parent(from)), Name(from), Name(to),
            Node(from) ?? throw new IOException($"{from}: it does not exist"))
        : throw new IOException($"{from}: it cannot become {to} in another directory");

    /// <summary>A file or directory that is to go.</summary>
    public NameChange<TFile> Deletion(string path) => new(RequireDirectory(Parent(path)), Name(path), Come: null, Node: null);

    /// <summary>Makes a change that is not durable yet.</summary>
    public void Change(NameChange<TFile> change)
    {
        change.ApplyTo(change.Directory.Names);
        _changes.Add(change);
    }

    /// <summary>Makes the changes in one directory durable; not those below it.</summary>
    public void Sync(string directory)
    {
        if (FindDirectory(directory) is not { } synced)
        {
            throw new IOException($"{directory}: it does not exist");
        }

        foreach (NameChange<TFile> change in _changes.Where(change => change.Directory == synced))
        {
            change.ApplyTo(synced.DurableNames);
        }

        _changes.RemoveAll(change => change.Directory == synced);
    }

    /// <summary>The power fails. Of the changes that were not synced, the first ones are on the platter, as in a journal.</summary>
    /// <param name="kept">How many of them.</param>
    public void CutPower(int kept)
    {
        for (int i = 0; i < kept; i++)
        {
            _changes[i].ApplyTo(_changes[i].Directory.DurableNames);
        }

        _changes.Clear();
        _root.CutPower();
    }

    /// <summary>Copies the names to an empty tree, where all of them are durable.</summary>
    /// <param name="target">The other tree.</param>
    /// <param name="onlyDurable">Whether what a power cut would take is left out.</param>
    /// <param name="copy">Makes the other tree's file of a path and a file.</param>
    public void CopyTo<TOther>(NameTree<TOther> target, bool onlyDurable, Func<string, TFile, TOther> copy)
        where TOther : class => Copy(_root, "", target._root, onlyDurable, copy);

    private static void Copy<TOther>(
        NameDirectory<TFile> from, string path, NameDirectory<TOther> to, bool onlyDurable, Func<string, TFile, TOther> copy)
        where TOther : class
    {
        foreach ((string name, NameNode<TFile> node) in onlyDurable ? from.DurableNames : from.Names)
        {
            NameNode<TOther> other = node.File is { } file
                ? new(copy(Join(path, name), file), null) : new(null, new NameDirectory<TOther>());
            to.Names[name] = other;
            to.DurableNames[name] = other;
            if (other.Directory is not null)
            {
                Copy(node.Directory!, Join(path, name), other.Directory, onlyDurable, copy);
            }
        }
    }

    private static void Collect(NameDirectory<TFile> directory, string path, SortedDictionary<string, TFile> files)
    {
        foreach ((string name, NameNode<TFile> node) in directory.Names)
        {
            if (node.File is not null)
            {
                files[Join(path, name)] = node.File;
            }
            else
            {
                Collect(node.Directory!, Join(path, name), files);
            }
        }
    }

    private static string Join(string path, string name) => path is "" or "/" ? path + name : $"{path}/{name}";

    private static string? Parent(string path) => Path.GetDirectoryName(path);

    // The root of absolute paths is a directory of ours by the name of its slash.
    private static string Name(string path) => Path.GetFileName(path) is { Length: > 0 } name ? name : "/";

    private NameNode<TFile>? Node(string path) => FindDirectory(Parent(path))?.Names.GetValueOrDefault(Name(path));

    private NameDirectory<TFile>? FindDirectory(string? path) => string.IsNullOrEmpty(path)
        ? _root : FindDirectory(Parent(path))?.Names.GetValueOrDefault(Name(path))?.Directory;

    private NameDirectory<TFile> RequireDirectory(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return _root;
        }

        NameDirectory<TFile> parent = RequireDirectory(Parent(path));
        if (parent.Names.GetValueOrDefault(Name(path)) is { } node)
        {
            return node.Directory ?? throw new IOException($"{path}: it is a file");
        }

        var directory = new NameDirectory<TFile>();
        parent.Names[Name(path)] = parent.DurableNames[Name(path)] = new NameNode<TFile>(null, directory);
        return directory;
    }

    private SortedDictionary<string, NameNode<TFile>> Entries(string directory) =>
        FindDirectory(directory)?.Names ?? new SortedDictionary<string, NameNode<TFile>>(StringComparer.Ordinal);
}
