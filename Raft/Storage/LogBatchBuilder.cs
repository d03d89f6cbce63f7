using Raft.MsgPack;

namespace Raft.Storage;

/// <summary>Puts consecutive entries into one buffer. Used by one task; a built batch is final.</summary>
internal sealed class LogBatchBuilder
{
    private byte[] _buffer = [];
    private EntryLayout[] _layout = [];
    private int _length;

    /// <summary>What became of an entry that was to be added.</summary>
    internal enum Addition
    {
        /// <summary>It was added.</summary>
        Done,

        /// <summary>It is not all there yet.</summary>
        NotWhole,

        /// <summary>There is no room for it in this batch.</summary>
        NoRoom,
    }

    /// <summary>How many entries were added since the last <see cref="Build"/>.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they take.</summary>
    public int Length => _length;

    /// <summary>How many bytes the one takes that was added last.</summary>
    public int LastLength { get; private set; }

    /// <summary>The index of the first of them.</summary>
    public ulong FirstIndex { get; private set; }

    /// <summary>A batch of one entry.</summary>
    public static LogBatch Single(
        ulong index, ulong term, LogType type, ReadOnlySpan<byte> data, LogTimestamp appendedAt, bool isNil = false,
        LogTimeFormat timeFormat = LogTimeFormat.GoBinary)
    {
        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, appendedAt, timeFormat)];
        builder.Add(index, term, type, stamp, data, isDataNil: isNil, extensions: default, isExtensionsNil: true);
        return builder.Build();
    }

    /// <summary>Makes room beforehand, so that the buffer is allocated once and in the right size.</summary>
    public void Reserve(int bytes, int entries)
    {
        if (_buffer.Length - _length < bytes)
        {
            Resize(_length + bytes);
        }

        if (_layout.Length - Count < entries)
        {
            Array.Resize(ref _layout, Count + entries);
        }
    }

    /// <summary>Encodes a new entry behind those already added.</summary>
    /// <param name="index">Its index, right behind the one before.</param>
    /// <param name="term">Its term.</param>
    /// <param name="type">What it is for.</param>
    /// <param name="appendedAt">The encoded time.</param>
    /// <param name="data">The command.</param>
    /// <param name="isDataNil">Whether to write Go's nil for the command.</param>
    /// <param name="extensions">Bytes beside the command.</param>
    /// <param name="isExtensionsNil">Whether to write Go's nil for them.</param>
    public void Add(
        ulong index, ulong term, LogType type, ReadOnlySpan<byte> appendedAt, ReadOnlySpan<byte> data, bool isDataNil,
        ReadOnlySpan<byte> extensions, bool isExtensionsNil)
    {
        Follow(index);
        var fields = new EntryFields
        {
            Start = _length,
            Term = term,
            Type = type,
            DataLength = isDataNil ? -1 : data.Length,
            ExtensionsLength = isExtensionsNil ? -1 : extensions.Length,
        };
        Grow(LogEncoding.SizeOf(index, fields, appendedAt.Length));
        LogEncoding.WriteEntry(_buffer.AsSpan(_length), index, ref fields, appendedAt, data, extensions);
        Added(fields);
    }

    /// <summary>Adds an entry that another node encoded: as it is where it is in Go's form, else encoded anew.</summary>
    /// <param name="entry">The entry's bytes, whole.</param>
    /// <exception cref="MsgPackException">It is no entry, or does not follow the one before.</exception>
    public void AddEncoded(ReadOnlySpan<byte> entry)
    {
        if (AddEncoded(entry, mayGrow: true, out _) != Addition.Done)
        {
            throw new MsgPackIncompleteException();
        }
    }

    /// <summary>Adds an entry that another node encoded, if it is there already.</summary>
    /// <param name="source">Begins with the entry.</param>
    /// <param name="mayGrow">Whether more room is made for it where there is too little.</param>
    /// <param name="entryBytes">How many bytes of the source the entry took, where it is whole.</param>
    /// <returns>Whether it was added; if not, nothing has changed.</returns>
    /// <exception cref="MsgPackException">It is no entry, or does not follow the one before.</exception>
    public Addition AddEncoded(ReadOnlySpan<byte> source, bool mayGrow, out int entryBytes)
    {
        bool isWhole = LogEncoding.TryReadEntry(source, _length, out EntryFields fields, out ulong index, out bool isGoForm);
        entryBytes = fields.End - fields.Start;
        if (!isWhole)
        {
            return Addition.NotWhole;
        }

        if (index == 0 || (Count > 0 && index != FirstIndex + (ulong)Count))
        {
            throw new MsgPackException($"entry {index} does not follow the one before");
        }

        // Bytes alone: places for entries are small, and a batch that ended for lack of them could leave most of its buffer empty.
        if (!mayGrow && _buffer.Length - _length < entryBytes)
        {
            return Addition.NoRoom;
        }

        if (isGoForm)
        {
            Follow(index);
            Grow(entryBytes);
            source[..entryBytes].CopyTo(_buffer.AsSpan(_length));
            Added(fields);
        }
        else
        {
            AddAnew(source[..entryBytes], index, fields);
        }

        return Addition.Done;
    }

    /// <summary>Ends the batch and begins anew.</summary>
    /// <returns>The batch, which owns the buffer from now on.</returns>
    public LogBatch Build()
    {
        var batch = new LogBatch(FirstIndex, _buffer.AsMemory(0, _length), _layout, Count);
        _buffer = [];
        _layout = [];
        _length = 0;
        Count = 0;
        return batch;
    }

    private void Added(in EntryFields fields)
    {
        _layout[Count++] = new EntryLayout(fields);
        _length = fields.End;
        LastLength = fields.End - fields.Start;
    }

    private void AddAnew(ReadOnlySpan<byte> entry, ulong index, in EntryFields fields)
    {
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, LogEncoding.ReadAppendedAt(entry))];
        ReadOnlySpan<byte> data = fields.DataLength <= 0
            ? default : entry.Slice(fields.DataStart - fields.Start, fields.DataLength);
        ReadOnlySpan<byte> extensions = fields.ExtensionsLength <= 0
            ? default : entry.Slice(fields.ExtensionsStart - fields.Start, fields.ExtensionsLength);
        Add(
            index, fields.Term, fields.Type, stamp, data, isDataNil: fields.DataLength < 0, extensions,
            isExtensionsNil: fields.ExtensionsLength < 0);
    }

    private void Follow(ulong index)
    {
        if (Count == 0)
        {
            FirstIndex = index;
        }
        else
        {
            Invariant.Require(index == FirstIndex + (ulong)Count, "entries of a batch are consecutive");
        }
    }

    private void Grow(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Resize(Math.Max(_buffer.Length * 2, _length + bytes));
        }

        if (_layout.Length == Count)
        {
            Array.Resize(ref _layout, Math.Max(4, Count * 2));
        }
    }

    // Bytes beyond the length are never shown to anyone, so they need not be zeroed first.
    private void Resize(int capacity)
    {
        byte[] larger = GC.AllocateUninitializedArray<byte>(capacity);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        _buffer = larger;
    }
}
