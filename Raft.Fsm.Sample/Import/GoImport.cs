using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Import;

/// <summary>
/// Takes the data of a Go node that was stopped over into a store of this library, in its own directory or in another. Wherever
/// it is interrupted, no node of this library starts on a part of it, and running it again finishes it.
/// </summary>
/// <remarks>
/// In order, each step durable before the next: all that the Go node has is read and held to what a node could start from; the
/// marker is written; what is left of a target is deleted; all is copied; the target is closed, opened again and compared with the
/// source; the Go node's file loses its name, which is what makes the target count; the marker goes.
/// </remarks>
/// <param name="from">The Go node's directory.</param>
/// <param name="directory">The directory that the store is made in, the same or another.</param>
/// <param name="to">What is made.</param>
/// <param name="disk">The disk.</param>
/// <param name="open">Opens the Go node's file, and keeps others from it.</param>
/// <param name="progress">Hears how far it is.</param>
internal sealed class GoImport(
    string from, string directory, StoreKind to, IDisk disk, Func<string, ValueTask<BoltStore>> open, ConversionProgress progress)
{
    /// <summary>What the Go node's file is named when another node has its data: so no Go node is started on it by accident.</summary>
    public const string ImportedName = DataDirectory.GoDatabase + ".imported";

    private readonly ConversionMarker _marker = new(StoreNames.Go, to.Name, ConversionPhase.Copy) { Source = from };

    private bool IsInPlace => from == directory;

    /// <summary>Imports, or finishes what was interrupted.</summary>
    /// <returns>What was done, in a line.</returns>
    /// <exception cref="StoreException">Something is refused. What then is left, and how to go on, is said.</exception>
    public async Task<string> RunAsync()
    {
        await RequireFreeAsync();
        if (!await IsThereAsync(DataDirectory.GoDatabase))
        {
            return await FinishAsync();
        }

        if (await IsThereAsync(ImportedName))
        {
            throw new StoreException(
                $"it holds {ImportedName}, which was imported before, and {DataDirectory.GoDatabase} beside it, which a Go node made "
                + "since; move away the one that does not count");
        }

        await using GoNode node = await GoNode.OpenAsync(from, disk, open);
        using IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        await RequireFreeAsync();
        await _marker.WriteAsync(directory, disk);
        try
        {
            await CopyAsync(node);
        }
        catch (Exception failure) when (failure is StoreException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StoreException(
                $"the {to.Name} store could not be made: {failure.Message} {DataDirectory.GoDatabase} is as it was; run the same again",
                failure);
        }

        // From here on the target counts. The Go node's file is still locked, so nobody has come in between.
        await disk.RenameAsync(Path.Combine(from, DataDirectory.GoDatabase), Path.Combine(from, ImportedName));
        await disk.SyncDirectoryAsync(from);
        await ConversionMarker.RemoveAsync(directory, disk);
        return $"took over {await node.DescribeAsync()}; the {to.Name} store is in {directory}"
            + $"{(IsInPlace ? "" : $" with {node.Snapshots.Whole.Count} snapshots")}, and {DataDirectory.GoDatabase} is {ImportedName} now";
    }

    /// <summary>Refuses a directory that holds anything but what an interrupted import of the same kind has made.</summary>
    private async Task RequireFreeAsync()
    {
        if (await ConversionMarker.ReadAsync(directory, disk) is { } interrupted)
        {
            if (interrupted != _marker)
            {
                throw new StoreException(
                    $"{directory}: a conversion from {interrupted.From} to {interrupted.To} was interrupted there; finish it first: "
                    + interrupted.Command(directory));
            }

            return;
        }

        if (!await IsThereAsync(DataDirectory.GoDatabase))
        {
            return;
        }

        string[] held = await DataDirectory.HeldAsync(directory, StoresThere(), disk);
        bool isOthers = !IsInPlace
            && ((await disk.ListDirectoriesAsync(Path.Combine(directory, GoSnapshots.Folder))).Count > 0
                || (await disk.ListAsync(directory)).Contains(DataDirectory.GoDatabase));
        if (held.Length > 0 || isOthers)
        {
            throw new StoreException(
                $"{directory} holds {(held.Length > 0 ? $"a {string.Join(" and a ", held)} store" : "a node's data")} already; nothing was "
                + "changed. Give a directory that holds none");
        }
    }

    private async Task CopyAsync(GoNode node)
    {
        await to.DeleteAsync(directory, disk);
        if (!IsInPlace)
        {
            await SnapshotCopy.DeleteAsync(directory, disk);
            await SnapshotCopy.CopyAsync(node.Snapshots.Whole, from, directory, disk);
        }

        await using (OpenStore target = await to.OpenAsync(directory, disk))
        {
            await StoreCopy.CopyAsync(node.Store, target, progress);
        }

        // Not what was written, but what a node will find.
        await using OpenStore reopened = await to.OpenAsync(directory, disk);
        await StoreCopy.RequireEqualAsync(node.Store, reopened, progress);
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(
            directory, disk, new FileSnapshotOptions { Retain = Math.Max(1, node.Snapshots.Whole.Count) });
        if (!IsInPlace)
        {
            foreach (SnapshotMeta snapshot in node.Snapshots.Whole)
            {
                await GoSnapshots.RequireWholeAsync(snapshots, snapshot);
            }
        }

        IndexedConfiguration found = await RaftNode.ReadConfigurationAsync(reopened.Log, reopened.Stable, snapshots);
        if (found != node.Configuration)
        {
            throw new CorruptStoreException(
                $"the copy is not what was copied: its configuration is {found.Configuration} instead of {node.Configuration.Configuration}.");
        }
    }

    /// <summary>Does what was left when the Go node's file had lost its name.</summary>
    private async Task<string> FinishAsync()
    {
        if (!await IsThereAsync(ImportedName))
        {
            throw new StoreException($"{from} holds no {DataDirectory.GoDatabase}; bring it back");
        }

        using IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        bool isInterrupted = await ConversionMarker.ReadAsync(directory, disk) is not null;
        if (!await to.ExistsAsync(directory, disk))
        {
            throw new StoreException(
                $"{from} was imported before, and {directory} holds no {to.Name} store: it was made elsewhere, or is gone. Bring it "
                + $"back, or let this server rejoin with an empty directory; {ImportedName} may be older than what a node wrote since");
        }

        if (!isInterrupted)
        {
            return $"nothing to do: it was imported before, and {directory} holds a {to.Name} store";
        }

        StoreContent content;
        await using (OpenStore target = await to.OpenAsync(directory, disk))
        {
            content = await StoreCopy.ContentAsync(target);
            await disk.SyncDirectoryAsync(from);
        }

        await ConversionMarker.RemoveAsync(directory, disk);
        return $"finished what was interrupted: the {to.Name} store in {directory} holds {content}, and {DataDirectory.GoDatabase} "
            + $"is {ImportedName} now";
    }

    private async ValueTask<bool> IsThereAsync(string name) => (await disk.ListAsync(from)).Contains(name);

    private IReadOnlyList<StoreKind> StoresThere() => [.. StoreKind.All.Where(kind => kind.Name != to.Name), to];
}
