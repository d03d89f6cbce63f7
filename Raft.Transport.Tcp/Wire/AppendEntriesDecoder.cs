using System.Runtime.CompilerServices;
using Raft.MsgPack;
using Raft.Storage;

namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// Reads AppendEntries requests as they arrive: each part is used as soon as it is whole and never looked at again.
/// Owned by one connection's reader.
/// </summary>
/// <param name="entryBytesMax">The most that one entry may take.</param>
/// <param name="fields">Where the request's other values are kept.</param>
/// <param name="assembler">Waits for an entry that is not whole yet.</param>
internal sealed class AppendEntriesDecoder(long entryBytesMax, MessageFields fields, ValueAssembler assembler)
{
    /// <summary>Room for the entries behind the first that take a byte or two more, since their indexes are longer.</summary>
    private const int LongerIndexBytes = 64;

    private readonly LogBatchBuilder _builder = new();
    private Step _step;
    private long _pairsLeft;
    private long _entriesLeft;
    private ulong _nextIndex;
    private long _growth;
    private List<LogSlice>? _entries;
    private MsgPackScanner _skipper;

    private enum Step
    {
        Map,
        Pair,
        Skipped,
        EntriesHeader,
        Entry,
    }

    /// <summary>Begins a request behind its type byte.</summary>
    public void Begin()
    {
        _step = Step.Map;
        _entries = null;
        _nextIndex = 0;
        _growth = 0;
        fields.Clear();
    }

    /// <summary>Goes on.</summary>
    /// <param name="buffer">What was received.</param>
    /// <returns>The request when it is whole; null when more has to be received.</returns>
    /// <exception cref="MsgPackException">It is no AppendEntries request or over a limit.</exception>
    public AppendEntriesRequest? TryDecode(ReceiveBuffer buffer)
    {
        while (true)
        {
            if (_step == Step.Pair && _pairsLeft <= 0)
            {
                return Finish();
            }

            bool isDone = _step switch
            {
                Step.Map => Map(buffer),
                Step.Pair => Pair(buffer),
                Step.Skipped => Skipped(buffer),
                Step.EntriesHeader => EntriesHeader(buffer),
                _ => Entries(buffer),
            };
            if (!isDone)
            {
                return null;
            }
        }
    }

    private AppendEntriesRequest Finish() => new(fields.Header)
    {
        Term = fields.Term,
        Leader = fields.Leader,
        PreviousIndex = fields.PrevLogEntry,
        PreviousTerm = fields.PrevLogTerm,
        LeaderCommitIndex = fields.LeaderCommitIndex,
        Entries = _entries,
        Lease = Milliseconds.ToTime(fields.LeaseMs),
    };

    private bool Map(ReceiveBuffer buffer)
    {
        var reader = new MsgPackReader(buffer.Unread);
        _pairsLeft = reader.MapHeader();
        return Use(buffer, reader, Step.Pair);
    }

    private bool Pair(ReceiveBuffer buffer)
    {
        var reader = new MsgPackReader(buffer.Unread);
        Fields field = FieldNames.Of(reader.Raw(WireLimits.KeyBytesMax, out _)) & Fields.AppendRequest;
        if (field == Fields.Entries)
        {
            return Use(buffer, reader, Step.EntriesHeader);
        }

        if (field == Fields.None)
        {
            _skipper.Begin(WireLimits.SkippedBytesMax);
            return Use(buffer, reader, Step.Skipped);
        }

        fields.ReadValue(ref reader, field);
        _pairsLeft -= reader.IsIncomplete ? 0 : 1;
        return Use(buffer, reader, Step.Pair);
    }

    private bool Skipped(ReceiveBuffer buffer)
    {
        buffer.Use(_skipper.Advance(buffer.Unread));
        return _skipper.IsComplete && EndPair();
    }

    private bool EntriesHeader(ReceiveBuffer buffer)
    {
        if (_entries is not null)
        {
            throw new MsgPackException("the key Entries stands twice");
        }

        var reader = new MsgPackReader(buffer.Unread);
        _entriesLeft = reader.ArrayHeader();
        if (!Use(buffer, reader, Step.Entry))
        {
            return false;
        }

        // Mostly they are one batch.
        _entries = _entriesLeft < 0 ? null : new List<LogSlice>(capacity: 1);
        return true;
    }

    private bool Entries(ReceiveBuffer buffer)
    {
        while (_entriesLeft > 0)
        {
            if (!(assembler.IsActive ? TryLateEntry(buffer) : TryEntry(buffer)))
            {
                return false;
            }
        }

        Flush();
        return EndPair();
    }

    private bool TryEntry(ReceiveBuffer buffer)
    {
        if (!TryAdd(buffer.Unread, buffer.UnreadBytes, out int entryBytes))
        {
            assembler.Begin(entryBytesMax);
            return TryLateEntry(buffer);
        }

        if (entryBytes > entryBytesMax)
        {
            throw new MsgPackException($"an entry of {entryBytes} bytes is over the limit of {entryBytesMax}");
        }

        buffer.Use(entryBytes);
        Added(entryBytes);
        return true;
    }

    private bool TryLateEntry(ReceiveBuffer buffer)
    {
        if (!assembler.TryTake(buffer, out ReadOnlyMemory<byte> entry, out bool isOwned))
        {
            return false;
        }

        ulong index = LogEncoding.ReadEntry(entry.Span, 0, out EntryFields fields, out bool isGoForm);
        if (isOwned && isGoForm)
        {
            Flush();
            Follow(index);
            _entries!.Add(new LogSlice(new LogBatch(index, entry, [new EntryLayout(fields)], 1)));
            _nextIndex = index + 1;
            _entriesLeft--;
            return true;
        }

        if (!TryAdd(entry.Span, entry.Length + buffer.UnreadBytes, out _))
        {
            throw new MsgPackIncompleteException();
        }

        Added(entry.Length);
        return true;
    }

    /// <summary>Adds an entry to the present batch, or to a new one where it finds no room there.</summary>
    /// <param name="source">Begins with the entry.</param>
    /// <param name="receivedBytes">How much of the request from the entry on is there.</param>
    /// <param name="entryBytes">How many bytes of the source the entry took.</param>
    /// <returns>Whether the source holds the whole entry.</returns>
    private bool TryAdd(ReadOnlySpan<byte> source, int receivedBytes, out int entryBytes)
    {
        LogBatchBuilder.Addition addition;
        do
        {
            if (_builder.Count == 0)
            {
                ReserveFor(source, receivedBytes);
            }

            addition = _builder.AddEncoded(source, mayGrow: _builder.Count == 0, out entryBytes);
            if (addition == LogBatchBuilder.Addition.NoRoom)
            {
                Flush();
            }
        }
        while (addition == LogBatchBuilder.Addition.NoRoom);
        return addition == LogBatchBuilder.Addition.Done;
    }

    private void Added(int entryBytes)
    {
        _entriesLeft--;
        _growth += _builder.LastLength + Unsafe.SizeOf<EntryLayout>() - (2L * entryBytes);
        if (_growth > WireLimits.GrowthBytesMax)
        {
            throw new MsgPackException($"its entries take {_growth} bytes more in memory than twice what was sent of them");
        }

        if (_builder.Count == 1)
        {
            Follow(_builder.FirstIndex);
        }

        // The next entry is mostly of the same size.
        if (_builder.Length + entryBytes > WireLimits.BatchBytesMax)
        {
            Flush();
        }
    }

    // A request's entries are mostly of one size: the first one tells how much memory they will take. What does not fit begins another
    // batch, so that nothing is copied and little is left over. What is announced and not yet there counts only so far.
    private void ReserveFor(ReadOnlySpan<byte> source, int receivedBytes)
    {
        if (LogEncoding.TryReadEntry(source, 0, out EntryFields first, out _, out _))
        {
            long expected = (first.End * _entriesLeft) + (_entriesLeft > 1 ? LongerIndexBytes : 0);
            long trusted = Math.Min(receivedBytes + WireLimits.AnnouncedBytesMax, WireLimits.BatchBytesMax);
            long bytes = Math.Max(first.End, Math.Min(expected, trusted));
            _builder.Reserve((int)bytes, (int)Math.Min(_entriesLeft, (bytes / Math.Max(first.End, LogEncoding.BytesMin)) + 1));
        }
    }

    private void Follow(ulong index)
    {
        if (index == 0 || (_nextIndex != 0 && index != _nextIndex))
        {
            throw new MsgPackException($"entry {index} does not follow the one before");
        }
    }

    private void Flush()
    {
        if (_builder.Count > 0)
        {
            LogBatch batch = _builder.Build();
            _nextIndex = batch.LastIndex + 1;
            _entries!.Add(new LogSlice(batch));
        }
    }

    private bool EndPair()
    {
        _pairsLeft--;
        _step = Step.Pair;
        return true;
    }

    private bool Use(ReceiveBuffer buffer, in MsgPackReader reader, Step next)
    {
        if (reader.IsIncomplete)
        {
            return false;
        }

        buffer.Use(reader.Position);
        _step = next;
        return true;
    }
}
