namespace Raft.Stores.Wal;

/// <summary>
/// Blows at the first write or sync that fails: after it nobody knows what the disk holds, so each later write fails
/// with the same cause. Shared by all that one <see cref="WalStore"/> writes.
/// </summary>
internal sealed class WriteFuse
{
    private Exception? _cause;
    private string _what = string.Empty;

    /// <summary>Throws if a write failed before.</summary>
    public void Check()
    {
        if (_cause is not null)
        {
            throw new StoreException($"{_what} Nothing is written since, because what the disk holds is not known.", _cause);
        }
    }

    /// <summary>Notes a failure.</summary>
    /// <param name="path">What was written to.</param>
    /// <param name="cause">What the disk said.</param>
    /// <returns>What to throw.</returns>
    public StoreException Blow(string path, Exception cause)
    {
        if (_cause is null)
        {
            _cause = cause;
            _what = $"Writing to {path} failed: {cause.Message}";
        }

        return new StoreException(_what, _cause);
    }
}
