namespace Raft.Stores.Wal;

/// <summary>Where a log ends with a group that was begun and is not whole, as a crash in the middle of a write leaves it.</summary>
/// <remarks>
/// That group was never acknowledged, if it is what it looks like. A bit that flipped later in the last group that was synced looks the
/// same (docs/formats.md): then the entries named here are lost, and no others.
/// </remarks>
/// <param name="Path">The segment.</param>
/// <param name="Offset">Where in it the log ends.</param>
/// <param name="FirstIndex">
/// The first entry of the group that is not whole; 0 where that is not known, since its header is not whole either, or there is
/// none, since it was to drop entries.
/// </param>
/// <param name="LastIndex">The last entry of the group; 0 likewise.</param>
public sealed record WalTornTail(string Path, long Offset, ulong FirstIndex, ulong LastIndex);
