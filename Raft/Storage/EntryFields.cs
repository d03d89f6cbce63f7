namespace Raft;

/// <summary>One entry's fields as they were read or are to be written, with where its parts lie in its batch's buffer.</summary>
/// <remarks>A length of -1 is Go's nil, which its encoder tells apart from empty.</remarks>
internal struct EntryFields
{
    public int Start;
    public int End;
    public int DataStart;
    public int DataLength;
    public int ExtensionsStart;
    public int ExtensionsLength;
    public ulong Term;
    public LogType Type;
}
