namespace Raft;

/// <summary>
/// A run of consecutive log entries in one buffer: the bytes that go to disk and to every follower, made once.
/// Immutable, and free to be shared by all of them.
/// </summary>
public sealed class LogBatch
{
    private readonly EntryLayout[] _layout;
    private readonly ReadOnlyMemory<byte> _encoded;

    /// <param name="firstIndex">The index of the first entry.</param>
    /// <param name="encoded">All entries' bytes, in Go's form, side by side from the first byte on.</param>
    /// <param name="layout">Where each entry's parts lie; may be longer than there are entries.</param>
    /// <param name="count">How many entries there are.</param>
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

        int end = Layout(start + count - 1).End;
        return _encoded[StartOf(start)..end];
    }

    /// <summary>The bytes of the entry at a position.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    /// <returns>A view of the buffer.</returns>
    public ReadOnlyMemory<byte> EncodedAt(int position)
    {
        int end = Layout(position).End;
        return _encoded[StartOf(position)..end];
    }

    internal ReadOnlyMemory<byte> DataAt(int position)
    {
        ref readonly EntryLayout layout = ref Layout(position);
        return layout.DataLength <= 0 ? default : _encoded.Slice(StartOf(position) + layout.DataOffset, layout.DataLength);
    }

    internal ReadOnlyMemory<byte> ExtensionsAt(int position)
    {
        ref readonly EntryLayout layout = ref Layout(position);
        return layout.ExtensionsLength <= 0
            ? default : _encoded.Slice(StartOf(position) + layout.ExtensionsOffset, layout.ExtensionsLength);
    }

    internal ref readonly EntryLayout Layout(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count, nameof(position));
        return ref _layout[position];
    }

    private int StartOf(int position) => position == 0 ? 0 : _layout[position - 1].End;
}
