using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Reads the bucket of term and vote: few values, and small.</summary>
internal sealed class ConfScan : ILeafVisitor
{
    /// <summary>The most that all keys and values take.</summary>
    private const int BytesMax = 1 << 20;

    private int _bytes;

    /// <summary>The values, in the order of their keys.</summary>
    public List<(byte[] Key, byte[] Value)> Values { get; } = [];

    /// <summary>Where the first of them stands.</summary>
    public Place? Place { get; private set; }

    /// <inheritdoc/>
    public void Visit(LeafPage leaf)
    {
        Place ??= leaf.Place;
        for (int i = 0; i < leaf.Count; i++)
        {
            if (leaf.IsBucket(i))
            {
                throw leaf.Place.Refuse($"a bucket stands where the value of the key {Convert.ToHexString(leaf.Key(i).Span)} is to be");
            }

            _bytes += leaf.Key(i).Length + leaf.Value(i).Length;
            if (_bytes > BytesMax)
            {
                throw leaf.Place.Refuse($"the bucket 'conf' has more than {BytesMax} bytes");
            }

            Values.Add((leaf.Key(i).ToArray(), leaf.Value(i).ToArray()));
        }
    }
}
