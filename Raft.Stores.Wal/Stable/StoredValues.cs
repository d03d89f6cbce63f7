using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Stable;

/// <summary>The values beside a term and vote, few and small: they are written all at once. Immutable.</summary>
internal sealed class StoredValues
{
    /// <summary>The most that all keys and values may have together.</summary>
    public const int BytesMax = 1 << 20;

    private const uint Version = 1;
    private const int ChecksumBytes = sizeof(uint);
    private const int HeadBytes = FormatHead.Bytes + sizeof(uint);

    // Sorted, so that the same values are the same bytes.
    private readonly SortedDictionary<string, byte[]> _values;

    private StoredValues(SortedDictionary<string, byte[]> values) => _values = values;

    /// <summary>No values.</summary>
    public static StoredValues None { get; } = new(new SortedDictionary<string, byte[]>(StringComparer.Ordinal));

    /// <summary>The keys, in the order of their bytes.</summary>
    public IReadOnlyList<byte[]> Keys => [.. _values.Keys.Select(Convert.FromHexString)];

    private static ReadOnlySpan<byte> Magic => "RAFTVALS"u8;

    /// <summary>The value of a key, or null.</summary>
    public byte[]? Get(ReadOnlySpan<byte> key) =>
        _values.TryGetValue(Convert.ToHexString(key), out byte[]? value) ? value.AsSpan().ToArray() : null;

    /// <summary>The same values, but for one.</summary>
    /// <exception cref="StoreException">They would be too many.</exception>
    public StoredValues With(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var values = new StoredValues(new SortedDictionary<string, byte[]>(_values, StringComparer.Ordinal)
        {
            [Convert.ToHexString(key)] = value.ToArray(),
        });
        long length = values.EncodedBytes();
        return length <= BytesMax ? values : throw new StoreException(
            $"The values beside the term and vote would have {length} bytes; {BytesMax} is the most.");
    }

    /// <summary>Encodes all of them.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[EncodedBytes()];
        FormatHead.Write(bytes, Magic, Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FormatHead.Bytes), (uint)_values.Count);
        Span<byte> rest = bytes.AsSpan(HeadBytes);
        foreach ((string name, byte[] content) in _values)
        {
            WriteField(ref rest, Convert.FromHexString(name));
            WriteField(ref rest, content);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Checksum.Of(0, bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        return bytes;
    }

    /// <summary>Decodes values.</summary>
    /// <param name="bytes">Their bytes.</param>
    /// <param name="path">Where they are from, for messages.</param>
    /// <returns>The values, or null where the bytes are not whole.</returns>
    /// <exception cref="StoreException">They are of a version that this build does not know.</exception>
    public static StoredValues? Decode(ReadOnlySpan<byte> bytes, string path)
    {
        if (!FormatHead.IsWhole(bytes, Magic, Version, path) || bytes.Length < HeadBytes + ChecksumBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..])
                != Checksum.Of(0, bytes[..^ChecksumBytes]))
        {
            return null;
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FormatHead.Bytes..]);
        bytes = bytes[HeadBytes..^ChecksumBytes];
        var values = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        for (uint i = 0; i < count; i++)
        {
            string name = Convert.ToHexString(ReadField(ref bytes));
            values[name] = ReadField(ref bytes).ToArray();
        }

        return bytes.IsEmpty ? new StoredValues(values) : null;
    }

    private long EncodedBytes()
    {
        long length = HeadBytes + ChecksumBytes;
        foreach ((string name, byte[] content) in _values)
        {
            length += sizeof(uint) + (name.Length / 2) + sizeof(uint) + content.Length;
        }

        return length;
    }

    private static void WriteField(ref Span<byte> destination, byte[] field)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)field.Length);
        field.CopyTo(destination[sizeof(uint)..]);
        destination = destination[(sizeof(uint) + field.Length)..];
    }

    private static ReadOnlySpan<byte> ReadField(ref ReadOnlySpan<byte> source)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(source);
        ReadOnlySpan<byte> field = source.Slice(sizeof(uint), length);
        source = source[(sizeof(uint) + length)..];
        return field;
    }
}
