namespace Raft;

/// <summary>
/// Where a node keeps its log. The node is the only writer, from one task, one write at a time; reads may come
/// beside a write. The store is opened before and disposed after the node, by the one who made it.
/// </summary>
/// <remarks>
/// A write that throws is final: the node answers nothing that depends on it and stops. So a store never retries
/// a failed sync, and never completes a write that would not survive a power cut.
/// </remarks>
public interface ILogStore
{
    /// <summary>The lowest index held, or 0 while the log is empty.</summary>
    ulong FirstIndex { get; }

    /// <summary>The highest index held, or 0 while the log is empty.</summary>
    ulong LastIndex { get; }

    /// <summary>Appends entries right behind <see cref="LastIndex"/> (an empty store takes any first index).</summary>
    /// <param name="append">The entries, and what the store may note about them.</param>
    /// <returns>Completes when the entries would survive a power cut.</returns>
    ValueTask AppendAsync(LogAppend append);

    /// <summary>Drops the entries from an index to the last; durable on completion.</summary>
    /// <param name="fromIndex">The first index to drop, at least <see cref="FirstIndex"/>.</param>
    /// <returns>Completes when the entries would stay away after a power cut.</returns>
    ValueTask TruncateSuffixAsync(ulong fromIndex);

    /// <summary>Allows the store to drop entries from the front. It may keep some of them, but no gap.</summary>
    /// <param name="throughIndex">The highest index that may go.</param>
    /// <returns>Completes when done; it need not be durable.</returns>
    ValueTask TruncatePrefixAsync(ulong throughIndex);

    /// <summary>Reads consecutive entries.</summary>
    /// <param name="fromIndex">The first to read.</param>
    /// <param name="throughIndex">The last to read.</param>
    /// <param name="bytesMax">The store stops before going over so many bytes, but returns at least one entry.</param>
    /// <returns>The entries from <paramref name="fromIndex"/> on.</returns>
    /// <exception cref="LogNotFoundException">The first entry is not held.</exception>
    /// <exception cref="CorruptStoreException">What stands there is damaged.</exception>
    ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax);
}
