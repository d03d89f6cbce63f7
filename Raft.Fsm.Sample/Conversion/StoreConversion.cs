using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Conversion;

/// <summary>
/// Moves the data of a stopped node from one store to the other, within its directory. Wherever it is interrupted, a node
/// starts on one complete store or is refused, and running it again finishes it.
/// </summary>
/// <remarks>
/// In order, each step durable before the next: the marker says that the source counts; what is left of a target is deleted; all
/// is copied; the target is closed, opened again and compared with the source; the marker says that the target counts; the source
/// is deleted; the marker goes. Snapshots belong to neither store and stay as they are.
/// </remarks>
internal sealed class StoreConversion(
    StoreKind from, StoreKind to, string directory, IDisk disk, ConversionProgress progress)
{
    /// <summary>
    /// Whether this is a conversion back from one that never came to count. Then the source is still as it was, and what was made
    /// of the target is given up.
    /// </summary>
    public static bool GivesUp(ConversionMarker? interrupted, string from, string to) =>
        interrupted is { Phase: ConversionPhase.Copy } && interrupted.From == to && interrupted.To == from;

    /// <summary>Converts, or finishes what was interrupted.</summary>
    /// <returns>What was done, in a line.</returns>
    /// <exception cref="StoreException">A store refuses, or the directory holds something else. What then is left, and how to go on, is said.</exception>
    public async Task<string> RunAsync()
    {
        using IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        ConversionMarker? interrupted = await ConversionMarker.ReadAsync(directory, disk);
        if (GivesUp(interrupted, from.Name, to.Name) && await to.ExistsAsync(directory, disk))
        {
            await from.DeleteAsync(directory, disk);
            await ConversionMarker.RemoveAsync(directory, disk);
            return $"gave the conversion to {from.Name} up; the {to.Name} store is as it was";
        }

        if (interrupted is not null && (interrupted.From != from.Name || interrupted.To != to.Name))
        {
            throw new StoreException(
                $"a conversion from {interrupted.From} to {interrupted.To} was interrupted here; finish it first: {interrupted.Command(directory)}");
        }

        if (interrupted is null && !await IsToBeginAsync())
        {
            return $"nothing to do: it holds a {to.Name} store already, and no {from.Name} store";
        }

        StoreContent moved = interrupted is { Phase: ConversionPhase.Retire } ? await ReadTargetAsync() : await CopyAsync();
        await from.DeleteAsync(directory, disk);
        await ConversionMarker.RemoveAsync(directory, disk);
        return $"moved {moved} from {from.Name} to {to.Name}";
    }

    private async Task<bool> IsToBeginAsync()
    {
        string[] held = await DataDirectory.HeldAsync(directory, [from, to], disk);
        return held switch
        {
            [] => throw new StoreException("it holds no store"),
            [_, _] => throw new StoreException(DataDirectory.BothText(held)),
            _ => held[0] == from.Name,
        };
    }

    private async Task<StoreContent> CopyAsync()
    {
        // Opening it would make a blank one, and the target would be made after that.
        if (!await from.ExistsAsync(directory, disk))
        {
            throw new StoreException(
                $"a conversion from {from.Name} to {to.Name} was interrupted here before the copy was whole, and the {from.Name} store "
                + "is gone; bring it back, or let this server rejoin with an empty directory");
        }

        StoreContent content;
        await using (OpenStore source = await from.OpenAsync(directory, disk))
        {
            // What no node could start from is refused as a node would refuse it, before anything is changed: some of what
            // is wrong with it could not be seen any more in a copy.
            await RequireUsableAsync(source);
            await new ConversionMarker(from.Name, to.Name, ConversionPhase.Copy).WriteAsync(directory, disk);
            try
            {
                content = await CopyAsync(source);
            }
            catch (Exception failure) when (failure is StoreException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new StoreException(
                    $"the {to.Name} store could not be made: {failure.Message} The {from.Name} store is as it was; run the same "
                    + $"again, or give it up: {new ConversionMarker(to.Name, from.Name, ConversionPhase.Copy).Command(directory)}",
                    failure);
            }
        }

        await new ConversionMarker(from.Name, to.Name, ConversionPhase.Retire).WriteAsync(directory, disk);
        return content;
    }

    private async Task<StoreContent> CopyAsync(OpenStore source)
    {
        await to.DeleteAsync(directory, disk);
        await using (OpenStore target = await to.OpenAsync(directory, disk))
        {
            await StoreCopy.CopyAsync(source, target, progress);
        }

        // Not what was written, but what a node will find.
        await using OpenStore reopened = await to.OpenAsync(directory, disk);
        await StoreCopy.RequireEqualAsync(source, reopened, progress);
        await RequireUsableAsync(reopened);
        return await StoreCopy.ContentAsync(reopened);
    }

    private async Task<StoreContent> ReadTargetAsync()
    {
        // Opening it would make a blank one, for whose sake the source would be deleted.
        if (!await to.ExistsAsync(directory, disk))
        {
            throw new StoreException(
                $"a conversion from {from.Name} to {to.Name} was interrupted here when the copy was whole, and the {to.Name} store is "
                + "gone; bring it back, or let this server rejoin with an empty directory");
        }

        await using OpenStore target = await to.OpenAsync(directory, disk);
        return await StoreCopy.ContentAsync(target);
    }

    private async Task RequireUsableAsync(OpenStore store) => await RaftNode.ReadConfigurationAsync(
        store.Log, store.Stable, await FileSnapshotStore.OpenAsync(directory, disk));
}
