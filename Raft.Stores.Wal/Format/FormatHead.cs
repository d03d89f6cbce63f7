using System.Buffers.Binary;

namespace Raft.Stores.Wal.Format;

/// <summary>
/// The first 16 bytes of each file: what it is and in which version, with a checksum of their own, so that a newer
/// version's file is told apart from a damaged one whatever comes behind.
/// </summary>
internal static class FormatHead
{
    public const int Bytes = 16;

    private const int VersionAt = 8;
    private const int ChecksumAt = 12;

    /// <summary>Writes the head.</summary>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> magic, uint version)
    {
        magic.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[VersionAt..], version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ChecksumAt..], Checksum.Of(0, destination[..ChecksumAt]));
    }

    /// <summary>Whether a head stands there whole.</summary>
    /// <exception cref="StoreException">It does, in a version that this build does not know.</exception>
    public static bool IsWhole(ReadOnlySpan<byte> source, ReadOnlySpan<byte> magic, uint version, string path)
    {
        if (source.Length < Bytes || !source[..magic.Length].SequenceEqual(magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]) != Checksum.Of(0, source[..ChecksumAt]))
        {
            return false;
        }

        uint found = BinaryPrimitives.ReadUInt32LittleEndian(source[VersionAt..]);
        return found == version ? true : throw new StoreException(
            $"{path} is in format version {found}, and this build reads version {version} only. "
            + "Use the version of the library that wrote it, or a newer one. Nothing was changed.");
    }
}
