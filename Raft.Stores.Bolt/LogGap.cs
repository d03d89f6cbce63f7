namespace Raft.Stores.Bolt;

/// <summary>Entries that are missing between others. A Go node leaves such a gap where it was sent a snapshot.</summary>
/// <param name="FirstIndex">The first that is missing.</param>
/// <param name="LastIndex">The last that is missing.</param>
public sealed record LogGap(ulong FirstIndex, ulong LastIndex)
{
    /// <inheritdoc/>
    public override string ToString() => $"entries {FirstIndex}..{LastIndex} are missing";
}
