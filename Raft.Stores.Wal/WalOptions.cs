using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Raft.Stores.Wal;

/// <summary>How a <see cref="WalStore"/> lays out its log.</summary>
public sealed record WalOptions
{
    /// <summary>The default of <see cref="SegmentBytes"/>: 64 MiB.</summary>
    public const long DefaultSegmentBytes = 64 << 20;

    /// <summary>The least that a segment may have: its header's page and one page more.</summary>
    public const long SegmentBytesMin = 8192;

    /// <summary>The most that a segment may have. Only a single group larger than a segment makes one larger.</summary>
    public const long SegmentBytesMax = 1 << 30;

    /// <summary>
    /// The size of a segment; the first ones, and those needed before all their zeros are written, are smaller. The log
    /// shrinks by whole segments, and each is written with zeros before its use: on disk stand the entries, rounded up,
    /// and for half of the time up to one segment more.
    /// </summary>
    public long SegmentBytes { get; init; } = DefaultSegmentBytes;

    /// <summary>
    /// Where the random numbers come from that keep the checksums of different files apart. They need not be secret
    /// from the machine's owner, but a value that a client stores must not know them. A simulator passes its seed's.
    /// </summary>
    public Func<ulong> NextSalt { get; init; } = RandomSalt;

    internal void Validate()
    {
        if (SegmentBytes is < SegmentBytesMin or > SegmentBytesMax)
        {
            throw new ArgumentOutOfRangeException(
                nameof(SegmentBytes), SegmentBytes, $"A segment has {SegmentBytesMin} to {SegmentBytesMax} bytes.");
        }
    }

#pragma warning disable RS0030 // The one place where chance comes from outside the seed; a simulation replaces it.
    internal static ulong RandomSalt()
    {
        Span<byte> salt = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(salt);
        return BinaryPrimitives.ReadUInt64LittleEndian(salt);
    }
#pragma warning restore RS0030
}
