namespace Raft.Stores.Bolt.Format;

/// <summary>The 64-bit FNV-1a hash, which is the checksum of a meta page.</summary>
internal static class Fnv1a
{
    private const ulong OffsetBasis = 0xCBF29CE484222325;
    private const ulong Prime = 0x100000001B3;

    /// <summary>The hash of some bytes; none give <c>0xCBF29CE484222325</c>.</summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = OffsetBasis;
        foreach (byte value in bytes)
        {
            hash = unchecked((hash ^ value) * Prime);
        }

        return hash;
    }
}
