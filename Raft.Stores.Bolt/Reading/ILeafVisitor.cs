using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Sees the leaves of a bucket, in the order of their keys.</summary>
internal interface ILeafVisitor
{
    /// <summary>Looks at a leaf, which is over on return.</summary>
    /// <exception cref="CorruptStoreException">What stands in it cannot be.</exception>
    void Visit(LeafPage leaf);
}
