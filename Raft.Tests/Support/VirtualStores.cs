namespace Raft.Tests.Support;

/// <summary>
/// A server's disk in a virtual cluster: a log and a term-and-vote record that outlive the node. A write takes the
/// disk's time, can be held back, and can fail; what was not completed is lost with the node.
/// </summary>
internal sealed class VirtualStores(VirtualClock clock) : ILogStore, IStableStore, ICommitHint
{
    private readonly List<LogEntry> _entries = [];
    private readonly Dictionary<string, byte[]> _values = [];
    private readonly List<TaskCompletionSource> _held = [];
    private readonly List<TaskCompletionSource> _heldReads = [];
    private TermAndVote? _record;

    /// <summary>What a write takes.</summary>
    public TimeSpan WriteTime { get; set; } = TimeSpan.Zero;

    /// <summary>Whether log writes wait until <see cref="ReleaseWrites"/>.</summary>
    public bool HoldLogWrites { get; set; }

    /// <summary>Whether record writes wait until <see cref="ReleaseWrites"/>.</summary>
    public bool HoldRecordWrites { get; set; }

    /// <summary>Whether reads wait until <see cref="ReleaseReads"/>.</summary>
    public bool HoldReads { get; set; }

    /// <summary>How many wait.</summary>
    public int HeldReads => _heldReads.Count;

    /// <summary>Makes every write from now on fail.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Everything done, in order: one line a completed write.</summary>
    public List<string> History { get; } = [];

    /// <summary>What a store tells back that notes commit indexes; nothing, so that a node learns of them from its leader, unless a test sets it.</summary>
    public ulong KnownCommitIndex { get; set; }

    /// <summary>Counts the appends, to tell how many were merged.</summary>
    public int AppendCount { get; private set; }

    /// <summary>Starts counting again: writes of an earlier node never complete.</summary>
    public int Incarnation { get; set; }

    public ulong FirstIndex => _entries.Count == 0 ? 0 : _entries[0].Index;

    public ulong LastIndex => _entries.Count == 0 ? 0 : _entries[^1].Index;

    public TermAndVote? Record => _record;

    public IReadOnlyList<LogEntry> Entries => _entries;

    public void ReleaseWrites()
    {
        HoldLogWrites = false;
        HoldRecordWrites = false;
        foreach (TaskCompletionSource write in _held)
        {
            write.TrySetResult();
        }

        _held.Clear();
    }

    public async ValueTask AppendAsync(LogAppend append)
    {
        // The list is the writer's own and changes after completion: taken now, as a real store would.
        LogSlice[] slices = [.. append.Slices];
        await WriteAsync(HoldLogWrites);
        foreach (LogSlice slice in slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                Assert.That(slice[i].Index, Is.EqualTo(LastIndex == 0 ? slice[i].Index : LastIndex + 1));
                Assert.That(slice[i].Term, Is.LessThanOrEqualTo(_record?.Term ?? 0), "an entry before its term");
                _entries.Add(slice[i]);
            }
        }

        AppendCount++;
        History.Add($"append {append.FirstIndex}-{append.LastIndex}");
    }

    public async ValueTask TruncateSuffixAsync(ulong fromIndex)
    {
        await WriteAsync(HoldLogWrites);
        _entries.RemoveAll(e => e.Index >= fromIndex);
        History.Add($"truncate {fromIndex}");
    }

    public ValueTask TruncatePrefixAsync(ulong throughIndex)
    {
        _entries.RemoveAll(e => e.Index <= throughIndex);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        if (HoldReads)
        {
            var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _heldReads.Add(read);
            await read.Task;
        }

        return await ReadNowAsync(fromIndex, throughIndex, bytesMax);
    }

    public void ReleaseReads()
    {
        HoldReads = false;
        foreach (TaskCompletionSource read in _heldReads)
        {
            read.SetResult();
        }

        _heldReads.Clear();
    }

    private ValueTask<LogBatch> ReadNowAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        if (fromIndex < FirstIndex || fromIndex > LastIndex || LastIndex == 0)
        {
            return ValueTask.FromException<LogBatch>(new LogNotFoundException($"entry {fromIndex} is not held"));
        }

        var bytes = new List<byte>();
        for (ulong index = fromIndex; index <= Math.Min(throughIndex, LastIndex); index++)
        {
            ReadOnlyMemory<byte> entry = _entries[(int)(index - FirstIndex)].Encoded;
            if (bytes.Count > 0 && bytes.Count + entry.Length > bytesMax)
            {
                break;
            }

            bytes.AddRange(entry.Span);
        }

        return ValueTask.FromResult(LogEncoding.Decode(bytes.ToArray()));
    }

    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(_record);

    public async ValueTask SaveAsync(TermAndVote record)
    {
        await WriteAsync(HoldRecordWrites);
        _record = record;
        History.Add($"save {record}");
    }

    public async ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        (string name, byte[] copy) = (Convert.ToHexString(key.Span), value.ToArray());
        await WriteAsync(HoldRecordWrites);
        _values[name] = copy;
    }

    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) =>
        ValueTask.FromResult(_values.GetValueOrDefault(Convert.ToHexString(key.Span)));

    private async ValueTask WriteAsync(bool isHeld)
    {
        int incarnation = Incarnation;
        if (isHeld)
        {
            var write = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _held.Add(write);
            await write.Task;
        }
        else if (WriteTime > TimeSpan.Zero)
        {
            await Task.Delay(WriteTime, clock);
        }

        if (IsBroken)
        {
            throw new IOException("the disk refused a write");
        }

        if (incarnation != Incarnation)
        {
            // The node that asked is gone, and this write with it.
            await new TaskCompletionSource().Task;
        }
    }
}
