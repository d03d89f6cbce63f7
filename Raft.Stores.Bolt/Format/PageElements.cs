using System.Buffers.Binary;

namespace Raft.Stores.Bolt.Format;

/// <summary>
/// What branches and leaves have in common: behind the header stand elements of 16 bytes, and behind these, without a gap and
/// in their order, what they point to.
/// </summary>
internal static class PageElements
{
    /// <summary>How many bytes an element has, of a branch as of a leaf.</summary>
    public const int Bytes = 16;

    /// <summary>The most that a key has, by Bolt's own limit.</summary>
    public const int KeyBytesMax = 32768;

    /// <summary>Where an element begins.</summary>
    public static int At(int position) => PageHeader.Bytes + (position * Bytes);

    /// <summary>Reads a leaf's element.</summary>
    public static PageElement Leaf(ReadOnlySpan<byte> page, int position)
    {
        ReadOnlySpan<byte> element = page.Slice(At(position), Bytes);
        return new PageElement(
            BinaryPrimitives.ReadUInt32LittleEndian(element[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(element[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(element[12..]));
    }

    /// <summary>Reads a branch's element.</summary>
    public static PageElement Branch(ReadOnlySpan<byte> page, int position)
    {
        ReadOnlySpan<byte> element = page.Slice(At(position), Bytes);
        return new PageElement(
            BinaryPrimitives.ReadUInt32LittleEndian(element),
            BinaryPrimitives.ReadUInt32LittleEndian(element[4..]),
            ValueBytes: 0);
    }

    /// <summary>Holds all elements of a page to where they must point, and their keys to their order.</summary>
    /// <param name="page">The page with those behind it.</param>
    /// <param name="count">How many elements it has.</param>
    /// <param name="isLeaf">Whether it is a leaf.</param>
    /// <param name="place">Where it stands.</param>
    /// <returns>How many bytes it takes.</returns>
    /// <exception cref="CorruptStoreException">One points elsewhere, or is out of order.</exception>
    public static int Check(ReadOnlySpan<byte> page, int count, bool isLeaf, Place place)
    {
        long next = At(count);
        if (next > page.Length)
        {
            throw place.Refuse($"{count} elements do not fit into it");
        }

        ReadOnlySpan<byte> before = default;
        for (int i = 0; i < count; i++)
        {
            PageElement element = isLeaf ? Leaf(page, i) : Branch(page, i);
            if (At(i) + (long)element.Position != next)
            {
                throw place.Refuse($"element {i} points to byte {At(i) + (long)element.Position}, where byte {next} follows");
            }

            next += (long)element.KeyBytes + element.ValueBytes;
            if (element.KeyBytes is 0 or > KeyBytesMax || next > page.Length)
            {
                throw place.Refuse(
                    $"element {i}, a key of {element.KeyBytes} and a value of {element.ValueBytes} bytes, does not fit into it");
            }

            ReadOnlySpan<byte> key = page.Slice((int)(At(i) + element.Position), (int)element.KeyBytes);
            if (i > 0 && before.SequenceCompareTo(key) >= 0)
            {
                throw place.Refuse($"the key {Convert.ToHexString(key)} of element {i} does not follow the one before");
            }

            before = key;
        }

        return (int)next;
    }
}
