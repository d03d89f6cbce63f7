using System.Text;

namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// The texts that one connection brings again and again (ids and addresses), so that each request does not make them
/// anew. Owned by the connection's reader.
/// </summary>
internal sealed class TextCache
{
    private const int SlotsMax = 4;
    private readonly (byte[] Bytes, string Text)[] _slots = new (byte[], string)[SlotsMax];
    private int _next;

    /// <summary>The text of these bytes.</summary>
    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }

        foreach ((byte[] known, string text) in _slots)
        {
            if (known is not null && bytes.SequenceEqual(known))
            {
                return text;
            }
        }

        string added = Encoding.UTF8.GetString(bytes);
        _slots[_next] = (bytes.ToArray(), added);
        _next = (_next + 1) % SlotsMax;
        return added;
    }
}
