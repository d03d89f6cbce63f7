using System.Text;
using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Finds the two buckets that raft-boltdb makes, and refuses a file that has others.</summary>
internal sealed class BucketScan : ILeafVisitor
{
    /// <summary>The bucket of entries, by their index.</summary>
    public Bucket? Logs { get; private set; }

    /// <summary>The bucket of term and vote.</summary>
    public Bucket? Conf { get; private set; }

    /// <inheritdoc/>
    public void Visit(LeafPage leaf)
    {
        for (int i = 0; i < leaf.Count; i++)
        {
            ReadOnlySpan<byte> name = leaf.Key(i).Span;
            if (!leaf.IsBucket(i))
            {
                throw leaf.Place.Refuse($"'{Encoding.UTF8.GetString(name)}' stands among the buckets and is none");
            }

            var bucket = Bucket.Read(leaf.Value(i).Span, leaf.Place);
            if (name.SequenceEqual("logs"u8))
            {
                Logs = bucket;
            }
            else if (name.SequenceEqual("conf"u8))
            {
                Conf = bucket;
            }
            else
            {
                // It may be someone else's file, or hold what this server must not lose.
                throw leaf.Place.Refuse(
                    $"there is a bucket '{Encoding.UTF8.GetString(name)}', where hashicorp's raft-boltdb has 'conf' and 'logs' alone");
            }
        }
    }
}
