using System.Diagnostics.CodeAnalysis;

namespace Raft.Stores.Wal.Segments;

/// <summary>
/// Keeps the file of a dropped segment, in which a later one begins without new zeros and without a new salt; for
/// <see cref="WalMutation.SegmentSaltReused"/> only. Owned by the <see cref="GroupWriter"/>.
/// </summary>
/// <remarks>
/// The groups of the dropped segment then stand behind those of the new one, each at its place and with a valid header:
/// the next open takes them for groups that were written later. A new salt would make them meaningless.
/// </remarks>
internal sealed class SegmentRecycler(string directory, IDisk disk)
{
    private readonly string _path = Path.Combine(directory, "log-old.tmp");
    private Segment? _kept;

    /// <summary>Takes a dropped segment's file out of the log, in place of its deletion.</summary>
    /// <returns>Whether it did; false if it has one already.</returns>
    public async ValueTask<bool> TryKeepAsync(Segment dropped)
    {
        if (_kept is not null)
        {
            return false;
        }

        await disk.RenameAsync(dropped.Path, _path);
        await disk.SyncDirectoryAsync(directory);
        _kept = dropped;
        return true;
    }

    /// <summary>Whether the kept file is long enough.</summary>
    public bool TryTake(long bytesMin, [NotNullWhen(true)] out Segment? kept)
    {
        kept = _kept?.Length >= bytesMin ? _kept : null;
        _kept = kept is null ? _kept : null;
        return kept is not null;
    }

    /// <summary>Opens what was taken.</summary>
    public async ValueTask<PreparedFile> OpenAsync(Segment taken) =>
        new(await disk.OpenAsync(_path, DiskOpenMode.Existing), taken.Length, taken.Header.Salt);
}
