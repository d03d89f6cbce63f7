namespace Raft.Stores.Wal;

/// <summary>
/// Blows at the first write or sync that fails: after it nobody knows what the disk holds, so each later write fails
/// with the same cause. Shared by all that one store writes.
/// </summary>
/// <remarks>A store is disposed from wherever its owner is, so the first cause is set in one step.</remarks>
internal sealed class WriteFuse
{
    private Blown? _blown;

    /// <summary>Whether a write failed, or the store was disposed.</summary>
    public bool IsBlown => Volatile.Read(ref _blown) is not null;

    /// <summary>Throws if a write failed before, or the store was disposed.</summary>
    public void Check()
    {
        if (Volatile.Read(ref _blown) is { } blown)
        {
            throw new StoreException($"{blown.What} Nothing is written since.", blown.Cause);
        }
    }

    /// <summary>Notes a failure: what the disk holds is not known.</summary>
    /// <param name="path">What was written to.</param>
    /// <param name="cause">What the disk said.</param>
    /// <returns>What to throw.</returns>
    public StoreException Blow(string path, Exception cause) => Blow(
        new Blown($"Writing to {path} failed, and what the disk holds is not known: {cause.Message}", cause));

    /// <summary>Notes a use of a file that the rules of its store do not cover; what was asked was not done.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">How it was used, as a sentence without its full stop.</param>
    /// <returns>What to throw.</returns>
    public StoreException BlowByMisuse(string path, string what) => Blow(
        new Blown($"{path} was not written to, as its store's rules do not cover it: {what}.", new InvalidOperationException(what)));

    /// <summary>Notes that the store was disposed: another may own the directory from now on.</summary>
    public void BlowByDisposal() => Blow(new Blown("The store was disposed.", new ObjectDisposedException(nameof(WalStore))));

    private StoreException Blow(Blown blown)
    {
        Blown first = Interlocked.CompareExchange(ref _blown, blown, null) ?? blown;
        return new StoreException(first.What, first.Cause);
    }

    private sealed record Blown(string What, Exception Cause);
}
