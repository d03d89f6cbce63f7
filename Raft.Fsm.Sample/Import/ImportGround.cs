using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Import;

/// <summary>What stands in the two directories of an import, and whether one may begin there. Changes nothing.</summary>
/// <param name="from">The Go node's directory.</param>
/// <param name="directory">The directory that the store is made in.</param>
/// <param name="to">What is made.</param>
/// <param name="disk">The disk.</param>
internal sealed class ImportGround(string from, string directory, StoreKind to, IDisk disk)
{
    /// <summary>What the Go node's directory holds where it kept its log elsewhere than in its file, or was told to begin anew.</summary>
    private static readonly string[] OtherLogs = ["peers.json", "wal-meta.db", "wal"];

    private bool IsInPlace => from == directory;

    private string Snapshots => Path.Combine(from, GoSnapshots.Folder);

    /// <summary>The kinds of store that may be there.</summary>
    private IReadOnlyList<StoreKind> Kinds => [.. StoreKind.All.Where(kind => kind.Name != to.Name), to];

    /// <summary>Whether the Go node's file is there, and not what an import has left in its place.</summary>
    public async ValueTask<bool> HoldsGoDataAsync() =>
        await HoldsAsync(from, DataDirectory.GoDatabase) && !await GoStub.IsThereAsync(from, disk);

    /// <summary>Whether a directory holds a file.</summary>
    public async ValueTask<bool> HoldsAsync(string where, string name) => (await disk.ListAsync(where)).Contains(name);

    /// <summary>Refuses directories in which no import may begin.</summary>
    /// <exception cref="StoreException">They hold what would be lost, or be mistaken for something else.</exception>
    public async Task RequireFreeAsync()
    {
        if ((directory + Path.DirectorySeparatorChar).StartsWith(Snapshots + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new StoreException($"{directory} lies among the Go node's snapshots; nothing was changed. Give a directory outside of {Snapshots}");
        }

        await RequireOneLogAsync();
        await RequireNotDoneAsync();
        if (!IsInPlace && (await HoldsAsync(directory, DataDirectory.GoDatabase) || await HoldsAsync(directory, GoFile.ImportedName)))
        {
            throw new StoreException($"{directory} holds a node's data already, that of a Go node; nothing was changed. Give a directory that holds none");
        }

        if (await ConversionMarker.ReadAsync(directory, disk) is { } interrupted)
        {
            _ = KindToGiveUp(interrupted);
            return;
        }

        string[] held = await DataDirectory.HeldAsync(directory, Kinds, disk);
        if (held.Length > 0 || (!IsInPlace && (await disk.ListDirectoriesAsync(Path.Combine(directory, GoSnapshots.Folder))).Count > 0))
        {
            throw new StoreException(
                $"{directory} holds {(held.Length > 0 ? $"a {string.Join(" and a ", held)} store" : "a node's data")} already; nothing was "
                + "changed. Give a directory that holds none");
        }
    }

    /// <summary>
    /// What an interrupted import has begun in the directory and this one takes the place of. The Go node's file is whole, so it
    /// counts, and what was made of it does not.
    /// </summary>
    /// <exception cref="StoreException">What stands there may count.</exception>
    public StoreKind KindToGiveUp(ConversionMarker interrupted)
    {
        bool isPart = interrupted.Source is not null && (interrupted.Phase == ConversionPhase.Copy || interrupted.Source == from);
        return (isPart ? Kinds.FirstOrDefault(kind => kind.Name == interrupted.To) : null) ?? throw new StoreException(
            $"{directory}: a conversion from {interrupted.From} to {interrupted.To} was interrupted there; finish it first: "
            + interrupted.Command(directory));
    }

    private async Task RequireNotDoneAsync()
    {
        ImportNote? note = await ImportNote.ReadAsync(from, disk);
        if (note is { IsDone: true } || (note is null && await HoldsAsync(from, GoFile.ImportedName)))
        {
            throw new StoreException(
                $"{from} was imported before{(note is null ? "" : $", into {note.Target}")}, and holds a {DataDirectory.GoDatabase} that a Go node "
                + $"made since; move away what does not count: that file, or {GoFile.ImportedName} and {ImportNote.FileName}");
        }
    }

    private async Task RequireOneLogAsync()
    {
        IEnumerable<string> names = [.. await disk.ListAsync(from), .. await disk.ListDirectoriesAsync(from)];
        string[] others = [.. OtherLogs.Intersect(names)];
        if (others.Length > 0)
        {
            throw new StoreException(
                $"{from} holds {string.Join(" and ", others)}, so that {DataDirectory.GoDatabase} may not be what the Go node used last: it was moved "
                + "to another log store, or is to recover with other members. Nothing was changed; see to it that the node starts and runs "
                + "on raft-boltdb, and move away what it does not use");
        }
    }
}
