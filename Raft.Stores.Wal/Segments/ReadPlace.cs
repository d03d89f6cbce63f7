using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>How far a read has come in a segment.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct ReadPlace
{
    /// <summary>The entry whose record comes next.</summary>
    public ulong Index;

    /// <summary>Where it, or a group's header before it, begins.</summary>
    public long Offset;

    /// <summary>The checksum of what stands before it.</summary>
    public uint Chain;
}
