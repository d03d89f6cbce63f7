namespace Raft.Storage;

/// <summary>One change of the log on its way to the store.</summary>
/// <param name="Sequence">Its place in the one order of all changes.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Slice">The entries, where some are appended.</param>
/// <param name="Index">The first index to drop, or the last, where some are dropped.</param>
/// <param name="Bytes">How many bytes it holds in memory.</param>
internal readonly record struct LogWrite(ulong Sequence, LogWriteKind Kind, LogSlice Slice, ulong Index, int Bytes);
