namespace Raft.Storage;

/// <summary>One change of the log on its way to the store: either entries to append or an index to cut from.</summary>
/// <param name="Sequence">Its place in the one order of all changes.</param>
/// <param name="Slice">The entries, where something is appended.</param>
/// <param name="TruncateFrom">The first index to drop, or 0 where something is appended.</param>
/// <param name="Bytes">How many bytes it holds in memory.</param>
internal readonly record struct LogWrite(ulong Sequence, LogSlice Slice, ulong TruncateFrom, int Bytes);
