namespace Raft;

/// <summary>What a <see cref="SessionTable"/> remembers of a session.</summary>
/// <param name="Client">Whose it is.</param>
/// <param name="OpenedAt">Where the session says that it was opened.</param>
/// <param name="Number">The number of its last applied request, the highest.</param>
/// <param name="Index">The index of that request in the log.</param>
/// <param name="Result">That request's result. The bytes never change.</param>
public sealed record SessionEntry(string Client, ulong OpenedAt, ulong Number, ulong Index, ReadOnlyMemory<byte> Result);
