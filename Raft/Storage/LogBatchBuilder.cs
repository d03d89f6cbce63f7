using Raft.MsgPack;

namespace Raft.Storage;

/// <summary>Puts consecutive entries into one buffer. Used by one task; a built batch is final.</summary>
internal sealed class LogBatchBuilder
{
    private byte[] _buffer = [];
    private EntryLayout[] _layout = [];
    private int _length;

    /// <summary>How many entries were added since the last <see cref="Build"/>.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they take.</summary>
    public int Length => _length;

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
        Grow(data.Length + extensions.Length + LogEncoding.OverheadBytesMax);
        var fields = new EntryLayout
        {
            Term = term,
            Type = type,
            DataLength = isDataNil ? -1 : data.Length,
            ExtensionsLength = isExtensionsNil ? -1 : extensions.Length,
        };
        _length += LogEncoding.WriteEntry(
            _buffer.AsSpan(_length), _length, index, fields, appendedAt, data, extensions, out _layout[Count++]);
    }

    /// <summary>Adds an entry that another node encoded: as it is where it is in Go's form, else encoded anew.</summary>
    /// <param name="entry">The entry's bytes, whole.</param>
    /// <exception cref="MsgPackException">It is no entry, or does not follow the one before.</exception>
    public void AddEncoded(ReadOnlySpan<byte> entry)
    {
        if (!TryAddEncoded(entry, out _))
        {
            throw new MsgPackIncompleteException();
        }
    }

    /// <summary>Adds an entry that another node encoded, if it is there already.</summary>
    /// <param name="source">Begins with the entry.</param>
    /// <param name="entryBytes">How many bytes of the source the entry took.</param>
    /// <returns>Whether the source held the whole entry; if not, nothing was added.</returns>
    /// <exception cref="MsgPackException">It is no entry, or does not follow the one before.</exception>
    public bool TryAddEncoded(ReadOnlySpan<byte> source, out int entryBytes)
    {
        var layout = default(EntryLayout);
        bool isWhole = LogEncoding.TryReadEntry(source, _length, ref layout, out ulong index, out bool isGoForm);
        entryBytes = layout.End - layout.Start;
        if (!isWhole)
        {
            return false;
        }

        if (index == 0 || (Count > 0 && index != FirstIndex + (ulong)Count))
        {
            throw new MsgPackException($"entry {index} does not follow the one before");
        }

        if (isGoForm)
        {
            Follow(index);
            Grow(entryBytes);
            source[..entryBytes].CopyTo(_buffer.AsSpan(_length));
            _layout[Count++] = layout;
            _length = layout.End;
        }
        else
        {
            AddAnew(source[..entryBytes], index, layout);
        }

        return true;
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

    private void AddAnew(ReadOnlySpan<byte> entry, ulong index, in EntryLayout layout)
    {
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, LogEncoding.ReadAppendedAt(entry))];
        ReadOnlySpan<byte> data = layout.DataLength <= 0
            ? default : entry.Slice(layout.DataStart - layout.Start, layout.DataLength);
        ReadOnlySpan<byte> extensions = layout.ExtensionsLength <= 0
            ? default : entry.Slice(layout.ExtensionsStart - layout.Start, layout.ExtensionsLength);
        Add(
            index, layout.Term, layout.Type, stamp, data, isDataNil: layout.DataLength < 0, extensions,
            isExtensionsNil: layout.ExtensionsLength < 0);
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
