using System.Buffers;

namespace Raft.Tests.Contracts.Example;

// docs begin
/// <summary>A log in a list. What it has of an entry is its bytes, as a file or a table would have them.</summary>
internal sealed class ListLogStore : ILogStore
{
    private readonly List<byte[]> _entries = [];

    // The node writes from one task at a time, and reads from others meanwhile.
    private readonly Lock _lock = new();
    private ulong _first;

    public ulong FirstIndex => Read(() => _entries.Count == 0 ? 0 : _first);

    public ulong LastIndex => Read(() => _entries.Count == 0 ? 0 : _first + (ulong)_entries.Count - 1);

    public ValueTask AppendAsync(LogAppend append) => Write(() =>
    {
        // An empty log begins wherever the first entry does: behind a snapshot, that is anywhere.
        _first = _entries.Count == 0 ? append.FirstIndex : _first;
        foreach (LogSlice slice in append.Slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                _entries.Add(slice[i].Encoded.ToArray());
            }
        }
    });

    public ValueTask TruncateSuffixAsync(ulong fromIndex) => Write(() =>
    {
        int kept = (int)(fromIndex - _first);
        _entries.RemoveRange(kept, _entries.Count - kept);
    });

    public ValueTask TruncatePrefixAsync(ulong throughIndex) => Write(() =>
    {
        int gone = (int)Math.Min(throughIndex + 1 - _first, (ulong)_entries.Count);
        _entries.RemoveRange(0, gone);
        _first += (ulong)gone;
    });

    public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax) => Read(() =>
    {
        if (fromIndex < FirstIndex || fromIndex > LastIndex || fromIndex == 0)
        {
            throw new LogNotFoundException($"The log does not hold entry {fromIndex}.");
        }

        var bytes = new ArrayBufferWriter<byte>();
        for (ulong index = fromIndex; index <= Math.Min(throughIndex, LastIndex); index++)
        {
            byte[] entry = _entries[(int)(index - _first)];
            if (bytes.WrittenCount > 0 && (long)bytes.WrittenCount + entry.Length > bytesMax)
            {
                break;
            }

            bytes.Write(entry);
        }

        return ValueTask.FromResult(LogEncoding.Decode(bytes.WrittenMemory));
    });

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    // A store that lasts would complete this only when what was written would survive a power cut.
    private ValueTask Write(Action write)
    {
        lock (_lock)
        {
            write();
        }

        return ValueTask.CompletedTask;
    }
}
// docs end
