namespace Raft.Stores.LiteDb.Files;

/// <summary>A page in the log, in a frame that is whole and synced.</summary>
/// <param name="Id">The page's number.</param>
/// <param name="Offset">Where it stands in the file of frames.</param>
/// <param name="Sum">Its checksum, the same as in the file of sums.</param>
/// <param name="Transaction">LiteDB's number of the transaction.</param>
/// <param name="IsLast">Whether it is the last of its transaction.</param>
internal readonly record struct LoggedPage(uint Id, long Offset, uint Sum, uint Transaction, bool IsLast);
