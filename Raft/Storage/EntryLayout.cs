using System.Runtime.InteropServices;

namespace Raft;

/// <summary>
/// What a batch keeps of each entry, so that no later reader parses it again: 24 bytes. Entries lie side by side and in Go's form, so
/// that one begins where the one before ends, and a few bytes stand between its parts.
/// </summary>
/// <param name="fields">The entry's fields, of bytes in Go's form.</param>
/// <remarks>A length of -1 is Go's nil, which its encoder tells apart from empty.</remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct EntryLayout(in EntryFields fields)
{
    /// <summary>Where the entry's bytes end in the batch's buffer.</summary>
    public int End { get; } = fields.End;

    /// <summary>How long its command is.</summary>
    public int DataLength { get; } = fields.DataLength;

    /// <summary>How many bytes stand beside it.</summary>
    public int ExtensionsLength { get; } = fields.ExtensionsLength;

    /// <summary>Its term.</summary>
    public ulong Term { get; } = fields.Term;

    /// <summary>How far its command lies behind its first byte: behind two keys and a time.</summary>
    public byte DataOffset { get; } = checked((byte)(fields.DataStart - fields.Start));

    /// <summary>What it is for.</summary>
    public LogType Type { get; } = fields.Type;

    /// <summary>How far the bytes beside the command lie behind its first byte.</summary>
    public int ExtensionsOffset => DataOffset + Math.Max(0, DataLength) + LogEncoding.BeforeExtensions(ExtensionsLength);
}
