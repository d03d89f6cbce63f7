using System.Runtime.InteropServices;

namespace Raft;

/// <summary>Where one entry's parts lie in its batch's buffer, so that no later reader parses it again.</summary>
/// <remarks>A length of -1 is Go's nil, which its encoder tells apart from empty.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct EntryLayout
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
