using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Import;

/// <summary>
/// Takes the data of a Go node that was stopped over into a store of this library, in its own directory or in another. Wherever
/// it is interrupted, no node of this library starts on a part of it, and running it again finishes it.
/// </summary>
/// <remarks>
/// In order, each step durable before the next: all that the Go node has is read and held to what a node could start from; a note
/// in its directory names the target, and a marker in the target says that it does not count; what is left of a target is
/// deleted; all is copied; the target is closed, opened again and compared with the source; what the Go node's file holds is
/// kept beside it; the marker says that the target counts; the file is made useless to Go, and something that Go refuses
/// takes its place; the note says that all is done; the marker goes. Until the file is useless it is locked, and counts.
/// </remarks>
/// <param name="from">The Go node's directory, by its real path.</param>
/// <param name="directory">The directory that the store is made in, the same or another, by its real path.</param>
/// <param name="to">What is made.</param>
/// <param name="disk">The disk.</param>
/// <param name="open">Opens the Go node's file, and keeps others from it.</param>
/// <param name="progress">Hears how far it is.</param>
internal sealed class GoImport(
    string from, string directory, StoreKind to, IDisk disk, Func<string, ValueTask<IDiskFile>> open, ConversionProgress progress)
{
    private readonly ImportGround _ground = new(from, directory, to, disk);
    private readonly ImportNote _note = new(directory, to.Name, IsDone: false);
    private readonly ConversionMarker _marker = new(StoreNames.Go, to.Name, ConversionPhase.Copy) { Source = from };

    private bool IsInPlace => from == directory;

    private static string Taken => $"{DataDirectory.GoDatabase} is {GoFile.ImportedName} now";

    /// <summary>Imports, or finishes what was interrupted.</summary>
    /// <returns>What was done, in a line.</returns>
    /// <exception cref="StoreException">Something is refused. What then is left, and how to go on, is said.</exception>
    public async Task<string> RunAsync()
    {
        if (!await _ground.HoldsGoDataAsync())
        {
            await RequireFinishableAsync();
            using IDisposable claimed = await DataDirectory.ClaimAsync(directory, disk);
            return await FinishAsync();
        }

        await _ground.RequireFreeAsync();
        await using IDiskFile file = await open(Path.Combine(from, DataDirectory.GoDatabase));
        if (!await GoFile.IsSpoiledAsync(file))
        {
            return await BeginAsync(file);
        }

        await RequireFinishableAsync();
        using IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        await RequireStillThereAsync();
        await RetireAsync(file);
        return await FinishAsync();
    }

    private async Task<string> BeginAsync(IDiskFile file)
    {
        await using GoNode node = await GoNode.OpenAsync(from, disk, file);
        using IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        await RequireStillThereAsync();
        await _ground.RequireFreeAsync();

        // From here on no other target can come to count, whatever stands there.
        await _note.WriteAsync(from, disk);
        if (await ConversionMarker.ReadAsync(directory, disk) is { } interrupted)
        {
            await (interrupted with { Phase = ConversionPhase.Copy }).WriteAsync(directory, disk);
            await _ground.KindToGiveUp(interrupted).DeleteAsync(directory, disk);
        }

        await _marker.WriteAsync(directory, disk);
        try
        {
            await CopyAsync(node);
            await GoFile.KeepAsync(file, from, disk);
        }
        catch (Exception failure) when (failure is StoreException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StoreException(
                $"the {to.Name} store could not be made: {failure.Message} {DataDirectory.GoDatabase} is as it was; run the same again, "
                + "or, where the store does not take what is there, with another --to",
                failure);
        }

        string what = await node.DescribeAsync();
        await (_marker with { Phase = ConversionPhase.Retire }).WriteAsync(directory, disk);
        await RetireAsync(file);
        await EndAsync();
        return $"took over {what}; the {to.Name} store is in {directory}"
            + $"{(IsInPlace ? "" : $" with {node.Snapshots.Whole.Count} snapshots")}, and {Taken}";
    }

    private async Task CopyAsync(GoNode node)
    {
        await to.DeleteAsync(directory, disk);
        if (!IsInPlace)
        {
            await SnapshotCopy.DeleteAsync(node.Snapshots.Whole, directory, disk);
            await SnapshotCopy.CopyAsync(node.Snapshots.Whole, from, directory, disk);
        }

        await using (OpenStore target = await to.OpenAsync(directory, disk))
        {
            await StoreCopy.CopyAsync(node.Store, target, progress);
        }

        await RequireCopiedAsync(node);
    }

    /// <summary>Compares not what was written, but what a node will find.</summary>
    private async Task<StoreContent> RequireCopiedAsync(GoNode node)
    {
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
        return found == node.Configuration
            ? await StoreCopy.ContentAsync(reopened)
            : throw new CorruptStoreException(
                $"the copy is not what was copied: its configuration is {found.Configuration} instead of {node.Configuration.Configuration}.");
    }

    /// <summary>Makes the Go node's file useless and lets go of it: whoever waits for it ends, and whoever comes later too.</summary>
    private async Task RetireAsync(IDiskFile file)
    {
        await GoFile.SpoilAsync(file);
        await file.DisposeAsync();
        await GoStub.WriteAsync(from, disk);
    }

    private async Task EndAsync()
    {
        await (_note with { IsDone = true }).WriteAsync(from, disk);
        await ConversionMarker.RemoveAsync(directory, disk);
    }

    /// <summary>Does what was left when the Go node's file was of no use any more.</summary>
    private async Task<string> FinishAsync()
    {
        await RequireFinishableAsync();
        if (await ConversionMarker.ReadAsync(directory, disk) is null)
        {
            return $"nothing to do: it was imported before, and {directory} holds a {to.Name} store";
        }

        StoreContent content;
        IDiskFile kept = await disk.OpenAsync(Path.Combine(from, GoFile.ImportedName), DiskOpenMode.Existing);
        await using (GoNode node = await GoNode.OpenAsync(from, disk, kept))
        {
            content = await RequireCopiedAsync(node);
        }

        // Where the Go node's file has been taken away since.
        await GoStub.WriteAsync(from, disk);
        await EndAsync();
        return $"finished what was interrupted: the {to.Name} store in {directory} holds {content}, and {Taken}";
    }

    /// <summary>Refuses to finish what was not begun with this target, or had not come to count.</summary>
    private async Task RequireFinishableAsync()
    {
        if (await ImportNote.ReadAsync(from, disk) is not { } note)
        {
            throw new StoreException(await _ground.HoldsAsync(from, GoFile.ImportedName)
                ? $"{from} was imported before, and {ImportNote.FileName}, which says where to, is gone; bring it back"
                : $"{from} holds no {DataDirectory.GoDatabase}; bring it back");
        }

        if (!note.Names(directory, to.Name))
        {
            throw new StoreException(
                $"{from} was imported before, into the {note.To} store in {note.Target}, and {directory} is not that: two servers under one id "
                + "would vote twice" + (note.IsDone ? "" : $"; finish it: {Command(note)}"));
        }

        if (!await to.ExistsAsync(directory, disk))
        {
            throw new StoreException(
                $"{from} was imported before, and {directory} holds no {to.Name} store any more. Bring it back, or let this server rejoin "
                + $"with an empty directory; {GoFile.ImportedName} may be older than what a node wrote since");
        }

        // Without one, all is done; with one, the target has to have come to count before the Go node's file went.
        ConversionMarker? marker = await ConversionMarker.ReadAsync(directory, disk);
        if (marker is null ? !note.IsDone : marker != _marker with { Phase = ConversionPhase.Retire })
        {
            throw new StoreException(
                $"{from} holds no {DataDirectory.GoDatabase}, and what an import has made in {directory} is not known to be whole; bring it back, or let "
                + "this server rejoin with an empty directory");
        }

        if (marker is not null && !await _ground.HoldsAsync(from, GoFile.ImportedName))
        {
            throw new StoreException($"{from} holds no {GoFile.ImportedName}, which the copy is to be compared with once more; bring it back");
        }
    }

    private string Command(ImportNote note) => (_marker with { To = note.To }).Command(note.Target);

    /// <summary>Refuses where another import was finished while this one waited for the file or for the directory.</summary>
    private async Task RequireStillThereAsync()
    {
        if (!await _ground.HoldsGoDataAsync())
        {
            throw new StoreException($"{from} was imported by another process meanwhile; nothing was changed");
        }
    }
}
