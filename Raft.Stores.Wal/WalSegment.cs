namespace Raft.Stores.Wal;

/// <summary>One file of a log, for whoever looks at it.</summary>
/// <param name="Path">The file.</param>
/// <param name="FirstIndex">The first entry in it that was not truncated; 0 where there is none.</param>
/// <param name="LastIndex">The last one; 0 where there is none.</param>
/// <param name="EndOffset">Where in the file its records end.</param>
/// <param name="FileBytes">How long the file is.</param>
public sealed record WalSegment(string Path, ulong FirstIndex, ulong LastIndex, long EndOffset, long FileBytes);
