namespace Raft;

/// <summary>
/// A run of consecutive log entries in one buffer: the bytes that go to disk and to every follower, made once.
/// Immutable, and free to be shared by all of them.
/// </summary>
public sealed class LogBatch
{
    private readonly EntryLayout[] _layout;
    private readonly ReadOnlyMemory<byte> _encoded;

    internal LogBatch(ulong firstIndex, ReadOnlyMemory<byte> encoded, EntryLayout[] layout, int count)
    {
        FirstIndex = firstIndex;
        Count = count;
        _encoded = encoded;
        _layout = layout;
    }

    /// <summary>The index of the first entry.</summary>
    public ulong FirstIndex { get; }

    /// <summary>How many entries; at least one.</summary>
    public int Count { get; }

    /// <summary>The index of the last entry.</summary>
    public ulong LastIndex => FirstIndex + (ulong)Count - 1;

    /// <summary>All entries' bytes, one msgpack map in Go's form after the other.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>The entry at a position.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    public LogEntry this[int position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count, nameof(position));
            return new LogEntry(this, position);
        }
    }

    /// <summary>The term of the entry at a position.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The term.</returns>
    public ulong TermAt(int position) => Layout(position).Term;

    /// <summary>What the entry at a position is for.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The type.</returns>
    public LogType TypeAt(int position) => Layout(position).Type;

    /// <summary>The bytes of some of the entries, which lie side by side.</summary>
    /// <param name="start">Position of the first.</param>
    /// <param name="count">How many.</param>
    /// <returns>A view of the buffer.</returns>
    public ReadOnlyMemory<byte> EncodedRange(int start, int count)
    {
        if (count == 0)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        int from = Layout(start).Start;
        return _encoded[from..Layout(start + count - 1).End];
    }

    /// <summary>The bytes of the entry at a position.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    /// <returns>A view of the buffer.</returns>
    public ReadOnlyMemory<byte> EncodedAt(int position)
    {
        ref readonly EntryLayout layout = ref Layout(position);
        return _encoded[layout.Start..layout.End];
    }

    internal ReadOnlyMemory<byte> DataAt(int position)
    {
        ref readonly EntryLayout layout = ref Layout(position);
        return layout.DataLength <= 0 ? default : _encoded.Slice(layout.DataStart, layout.DataLength);
    }

    internal ReadOnlyMemory<byte> ExtensionsAt(int position)
    {
        ref readonly EntryLayout layout = ref Layout(position);
        return layout.ExtensionsLength <= 0 ? default : _encoded.Slice(layout.ExtensionsStart, layout.ExtensionsLength);
    }

    /// <summary>The entry at a position with the first bytes of its command left out; all else is as it was.</summary>
    internal LogEntry WithoutFirst(int position, int dataBytes)
    {
        EntryLayout layout = Layout(position);
        Invariant.Require(dataBytes <= layout.DataLength, "no more is left out of a command than it has");
        layout.DataStart += dataBytes;
        layout.DataLength -= dataBytes;
        return new LogEntry(new LogBatch(FirstIndex + (ulong)position, _encoded, [layout], count: 1), position: 0);
    }

    internal ref readonly EntryLayout Layout(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count, nameof(position));
        return ref _layout[position];
    }
}
