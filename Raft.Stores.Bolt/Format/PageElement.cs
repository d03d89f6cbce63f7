namespace Raft.Stores.Bolt.Format;

/// <summary>Where a key, and in a leaf the value behind it, stand.</summary>
/// <param name="Position">Counted from where the element itself stands.</param>
/// <param name="KeyBytes">The key's length.</param>
/// <param name="ValueBytes">The value's length; 0 in a branch.</param>
internal readonly record struct PageElement(uint Position, uint KeyBytes, uint ValueBytes);
