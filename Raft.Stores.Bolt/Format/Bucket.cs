using System.Buffers.Binary;

namespace Raft.Stores.Bolt.Format;

/// <summary>A bucket: a tree of pages, or a single page that lies within the value of the bucket's name.</summary>
/// <param name="RootPage">The tree's first page; 0 where the bucket lies inline.</param>
/// <param name="Inline">The page that lies inline; a copy.</param>
/// <param name="Place">The page that the bucket's name stands in.</param>
internal sealed record Bucket(ulong RootPage, ReadOnlyMemory<byte> Inline, Place Place)
{
    private const int HeaderBytes = 16;

    /// <summary>Reads what stands beside a bucket's name.</summary>
    /// <exception cref="CorruptStoreException">It is none.</exception>
    public static Bucket Read(ReadOnlySpan<byte> value, Place place)
    {
        if (value.Length < HeaderBytes)
        {
            throw place.Refuse($"a bucket in it has {value.Length} bytes, too few");
        }

        // Behind the page's number stands the sequence that users of Bolt may draw numbers from; raft-boltdb does not.
        ulong root = BinaryPrimitives.ReadUInt64LittleEndian(value);
        return root == 0 || value.Length == HeaderBytes
            ? new Bucket(root, value[HeaderBytes..].ToArray(), place)
            : throw place.Refuse($"a bucket in it has pages of its own and {value.Length - HeaderBytes} bytes inline");
    }
}
