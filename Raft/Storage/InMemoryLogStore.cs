using Raft.Storage;

namespace Raft;

/// <summary>
/// A log that lives as long as its process: for tests and for servers whose state may be lost with the machine.
/// Every operation completes before it returns.
/// </summary>
/// <remarks>A server that forgets its log must not come back under its old id: it would break promises it made (§5.2).</remarks>
public sealed class InMemoryLogStore : ILogStore, ICommitHint
{
    private readonly List<LogSlice> _slices = [];

    // Readers on other schedulers come beside the writer; nothing waits while it is held.
    private readonly Lock _lock = new();
    private ulong _knownCommitIndex;

    /// <inheritdoc/>
    public ulong FirstIndex
    {
        get
        {
            lock (_lock)
            {
                return _slices.Count == 0 ? 0 : _slices[0].FirstIndex;
            }
        }
    }

    /// <inheritdoc/>
    public ulong LastIndex
    {
        get
        {
            lock (_lock)
            {
                return LastHeld;
            }
        }
    }

    /// <inheritdoc/>
    public ulong KnownCommitIndex
    {
        get
        {
            lock (_lock)
            {
                return _knownCommitIndex;
            }
        }
    }

    private ulong LastHeld => _slices.Count == 0 ? 0 : _slices[^1].LastIndex;

    /// <inheritdoc/>
    public ValueTask AppendAsync(LogAppend append)
    {
        lock (_lock)
        {
            for (int i = 0; i < append.Slices.Count; i++)
            {
                LogSlice slice = append.Slices[i];
                Invariant.Require(
                    _slices.Count == 0 || slice.FirstIndex == LastHeld + 1, "appending leaves no gap in the log");
                _slices.Add(slice);
            }

            _knownCommitIndex = Math.Max(_knownCommitIndex, append.CommitIndex);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask TruncateSuffixAsync(ulong fromIndex)
    {
        lock (_lock)
        {
            while (_slices.Count > 0 && _slices[^1].LastIndex >= fromIndex)
            {
                LogSlice last = _slices[^1];
                _slices.RemoveAt(_slices.Count - 1);
                if (last.FirstIndex < fromIndex)
                {
                    _slices.Add(last.Before(fromIndex));
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask TruncatePrefixAsync(ulong throughIndex)
    {
        lock (_lock)
        {
            int gone = 0;
            while (gone < _slices.Count && _slices[gone].LastIndex <= throughIndex)
            {
                gone++;
            }

            _slices.RemoveRange(0, gone);
            if (_slices.Count > 0 && _slices[0].FirstIndex <= throughIndex)
            {
                _slices[0] = _slices[0].From(throughIndex + 1);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        lock (_lock)
        {
            int at = SliceOf(fromIndex);
            if (at < 0)
            {
                throw new LogNotFoundException($"The log does not hold entry {fromIndex}.");
            }

            var builder = new LogBatchBuilder();
            for (ulong index = fromIndex; index <= throughIndex && at < _slices.Count; index++)
            {
                LogSlice slice = _slices[at];
                ReadOnlyMemory<byte> entry = slice.Batch.EncodedAt(slice.Start + (int)(index - slice.FirstIndex));
                if (builder.Count > 0 && (long)builder.Length + entry.Length > bytesMax)
                {
                    break;
                }

                builder.AddEncoded(entry.Span);
                at += index == slice.LastIndex ? 1 : 0;
            }

            return ValueTask.FromResult(builder.Build());
        }
    }

    /// <summary>The position of the slice that holds an index, or a negative number.</summary>
    private int SliceOf(ulong index)
    {
        int low = 0;
        int high = _slices.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (index < _slices[middle].FirstIndex)
            {
                high = middle - 1;
            }
            else if (index > _slices[middle].LastIndex)
            {
                low = middle + 1;
            }
            else
            {
                return middle;
            }
        }

        return -1;
    }
}
