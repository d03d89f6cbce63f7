using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Import;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stores;

/// <summary>
/// The directory of one node: who may use it, and with which store. A node on another store than the one that its directory
/// holds would be a blank voter that has forgotten whom it voted for.
/// </summary>
internal static class DataDirectory
{
    /// <summary>
    /// What a node and a conversion hold as long as they run. A store has a lock of its own; this one also keeps a node away
    /// while one store takes the place of another.
    /// </summary>
    private const string LockName = "raftkv.lock";

    /// <summary>What a Go node keeps log, term and vote in; <c>raftkv import</c> leaves a <see cref="GoStub"/> there.</summary>
    public const string GoDatabase = "raft.db";

    /// <summary>Takes the directory until the result is disposed; makes it where it is missing.</summary>
    /// <exception cref="StoreLockedException">Another process uses it.</exception>
    public static async ValueTask<IDisposable> ClaimAsync(string directory, IDisk disk)
    {
        await disk.CreateDirectoryAsync(directory);
        return await disk.LockAsync(Path.Combine(directory, LockName));
    }

    /// <summary>Keeps others from the directory until the result is disposed, and changes nothing in it.</summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="StoreLockedException">Another process uses it.</exception>
    public static ValueTask<IDisposable> HoldUnchangedAsync(string directory, ReadOnlyDisk disk) =>
        disk.LockAsync(Path.Combine(directory, LockName));

    /// <summary>Refuses a directory that holds anything but the store that is asked for, or nothing. Changes nothing.</summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <param name="store">The name of the store that is to be opened.</param>
    /// <param name="kinds">The stores that may be there.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="StoreException">It holds another store, or something in between.</exception>
    public static async ValueTask RequireNoOtherAsync(
        string directory, string store, IReadOnlyList<StoreKind> kinds, IDisk disk)
    {
        await RequireConvertedAsync(directory, disk);
        if ((await disk.ListAsync(directory)).Contains(GoDatabase) && !await GoStub.IsThereAsync(directory, disk))
        {
            throw new StoreException(
                $"it holds {GoDatabase}, the data of a Go node, of which this node would know nothing: not its vote and not its log; "
                + $"import it first: raftkv import --from-go {directory}");
        }

        if (await ImportNote.ReadAsync(directory, disk) is { IsDone: true } note && note.Target != directory)
        {
            throw new StoreException(
                $"the data of the Go node that was here went to {note.Target}, and here this node would know nothing of its vote and its log; "
                + $"start it with --data {note.Target}");
        }

        string[] held = await HeldAsync(directory, kinds, disk);
        if (held.All(name => name == store))
        {
            return;
        }

        throw new StoreException(held.Length > 1
            ? BothText(held)
            : $"it holds a store of kind {held[0]}, and on {store} this node would have forgotten its vote and its log; "
                + $"start it with --store {held[0]}, or "
                + (kinds.Any(kind => kind.Name == store)
                    ? $"move its data first: raftkv convert --from {held[0]} --to {store} {directory}"
                    : "give another --data"));
    }

    /// <summary>Refuses a directory in which a conversion was interrupted. Changes nothing.</summary>
    /// <exception cref="StoreException">One was.</exception>
    public static async ValueTask RequireConvertedAsync(string directory, IDisk disk)
    {
        if (await ConversionMarker.ReadAsync(directory, disk) is { } marker)
        {
            throw new StoreException(
                $"a conversion from {marker.From} to {marker.To} was interrupted here; finish it: {marker.Command(directory)}");
        }
    }

    /// <summary>The names of the stores that a directory holds.</summary>
    public static async ValueTask<string[]> HeldAsync(string directory, IReadOnlyList<StoreKind> kinds, IDisk disk)
    {
        var held = new List<string>();
        foreach (StoreKind kind in kinds)
        {
            if (await kind.ExistsAsync(directory, disk))
            {
                held.Add(kind.Name);
            }
        }

        return [.. held];
    }

    /// <summary>Why a directory with several stores is of no use as it is.</summary>
    public static string BothText(IEnumerable<string> held) =>
        $"it holds stores of several kinds, {string.Join(" and ", held)}, and nothing says which of them this node used last; "
        + "move the other one out of the directory";
}
