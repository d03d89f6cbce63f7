namespace Raft.Tests.Stores;

/// <summary>A write that is under way when the power goes; one of these is set.</summary>
/// <param name="Batch">Entries to append.</param>
/// <param name="SuffixFrom">The first entry to drop.</param>
/// <param name="PrefixThrough">The last entry that may go.</param>
/// <param name="Record">The new term and vote.</param>
/// <param name="Value">The new value.</param>
internal sealed record PendingWrite(
    LogBatch? Batch = null, ulong SuffixFrom = 0, ulong PrefixThrough = 0, TermAndVote? Record = null, byte[]? Value = null);
