namespace Raft.Stores.Bolt.Reading;

/// <summary>A leaf of the bucket of entries.</summary>
/// <param name="FirstIndex">The first of its entries that counts.</param>
/// <param name="Page">The page.</param>
internal readonly record struct LeafMark(ulong FirstIndex, ulong Page);
