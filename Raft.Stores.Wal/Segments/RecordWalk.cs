using System.Runtime.InteropServices;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Segments;

/// <summary>Goes through the records of a group that was built here, which therefore needs no check.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct RecordWalk
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _start;
    private int _next;

    public RecordWalk(BuiltGroup group)
    {
        _bytes = group.Bytes.Span;
        _start = group.Offset;
        _next = GroupHeader.Bytes;
        Chain = Record.StoredChecksum(_bytes);
    }

    /// <summary>Where in the segment the present record begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The checksum that the present record is chained to.</summary>
    public uint ChainBefore { get; private set; }

    /// <summary>The checksum of the present record.</summary>
    public uint Chain { get; private set; }

    /// <summary>Goes to the next record.</summary>
    /// <returns>Whether there is one.</returns>
    public bool MoveNext()
    {
        if (_next == _bytes.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> record = _bytes[_next..];
        bool isRecord = Record.TryReadHead(record, out _, out int payloadBytes);
        Invariant.Require(isRecord, "a group that was built here holds records only");
        Offset = _start + _next;
        ChainBefore = Chain;
        Chain = Record.StoredChecksum(record);
        _next += Record.Size(payloadBytes);
        return true;
    }
}
