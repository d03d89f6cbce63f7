namespace Raft.Fsm.Sample.Kv;

/// <summary>How large keys, values and commands may be. The numbers stand in the contract.</summary>
internal static class KvLimits
{
    /// <summary>The most bytes of a key.</summary>
    public const int KeyBytesMax = 512;

    /// <summary>The most bytes of a value.</summary>
    public const int ValueBytesMax = 512 * 1024;

    /// <summary>The most characters of a client's token.</summary>
    public const int ClientLengthMax = 64;

    /// <summary>How much longer JSON makes a text at most: one byte becomes <c>\u0000</c>.</summary>
    public const int JsonGrowthMax = 6;

    /// <summary>The most bytes of a compare-and-swap's body: two escaped values and their names.</summary>
    public const int SwapBodyBytesMax = (2 * JsonGrowthMax * ValueBytesMax) + 1024;

    /// <summary>The most bytes of one line of a snapshot: whatever a foreign node appended as one entry, escaped.</summary>
    public const int SnapshotLineBytesMax = 64 << 20;

    /// <summary>The most bytes of a snapshot that is brought to be restored.</summary>
    public const long SnapshotBytesMax = 64L << 30;
}
