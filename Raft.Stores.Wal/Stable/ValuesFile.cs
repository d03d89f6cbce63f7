using System.Buffers.Binary;
using Raft.Stores.Wal.Format;
using Raft.Stores.Wal.Recovery;

namespace Raft.Stores.Wal.Stable;

/// <summary>
/// The values beside the term and vote, in one small file that is replaced whole: after a crash there is the old file
/// or the new one.
/// </summary>
internal sealed class ValuesFile(string directory, IDisk disk)
{
    /// <summary>The most that all keys and values may have together: it is all written at each change.</summary>
    public const int FileBytesMax = 1 << 20;

    private const uint Version = 1;
    private const int ChecksumBytes = sizeof(uint);
    private const int HeadBytes = FormatHead.Bytes + sizeof(uint);

    private readonly string _path = Path.Combine(directory, WalFiles.Values);
    private readonly string _newPath = Path.Combine(directory, WalFiles.ValuesNew);

    // Sorted, so that the same values are the same bytes.
    private SortedDictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    private static ReadOnlySpan<byte> Magic => "RAFTVALS"u8;

    /// <summary>The file's path.</summary>
    public string FilePath => _path;

    /// <summary>Reads the file, if it exists, and writes nothing.</summary>
    /// <exception cref="CorruptStoreException">It is not whole.</exception>
    public async ValueTask ScanAsync(bool exists)
    {
        if (!exists)
        {
            return;
        }

        IDiskFile file = await disk.OpenAsync(_path, DiskOpenMode.Existing);
        try
        {
            long length = await file.GetLengthAsync();
            byte[] bytes = new byte[Math.Min(length, FileBytesMax)];
            int read = await file.ReadAtAsync(0, bytes);
            if (!TryDecode(bytes.AsSpan(0, read)))
            {
                throw Damage.At(_path, 0, "the values beside the term and vote are not whole");
            }
        }
        finally
        {
            await file.DisposeAsync();
        }
    }

    /// <summary>Removes what a crash left of a replacement. The file itself was synced before it got its name.</summary>
    public ValueTask RepairAsync() => disk.DeleteAsync(_newPath);

    /// <summary>The value of a key, or null.</summary>
    public byte[]? Get(ReadOnlySpan<byte> key) =>
        _values.TryGetValue(Convert.ToHexString(key), out byte[]? value) ? value.AsSpan().ToArray() : null;

    /// <summary>The keys in the order of their bytes, which is that of their names.</summary>
    public IReadOnlyList<byte[]> Keys() => [.. _values.Keys.Select(Convert.FromHexString)];

    /// <summary>Encodes all values with one of them changed.</summary>
    /// <exception cref="StoreException">They would be too many; nothing was changed.</exception>
    public byte[] With(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out SortedDictionary<string, byte[]> values)
    {
        values = new SortedDictionary<string, byte[]>(_values, StringComparer.Ordinal)
        {
            [Convert.ToHexString(key)] = value.ToArray(),
        };
        long length = HeadBytes + ChecksumBytes;
        foreach ((string name, byte[] content) in values)
        {
            length += sizeof(uint) + (name.Length / 2) + sizeof(uint) + content.Length;
        }

        return length <= FileBytesMax ? Encode(values, (int)length) : throw new StoreException(
            $"The values beside the term and vote would have {length} bytes; {FileBytesMax} is the most.");
    }

    /// <summary>Replaces the file.</summary>
    public async ValueTask ReplaceAsync(byte[] bytes, SortedDictionary<string, byte[]> values)
    {
        await disk.DeleteAsync(_newPath);
        IDiskFile file = await disk.OpenAsync(_newPath, DiskOpenMode.New);
        try
        {
            await file.WriteAndSyncAsync(0, bytes);
        }
        finally
        {
            await file.DisposeAsync();
        }

        await disk.RenameAsync(_newPath, _path);
        await disk.SyncDirectoryAsync(directory);
        _values = values;
    }

    private static byte[] Encode(SortedDictionary<string, byte[]> values, int length)
    {
        byte[] bytes = new byte[length];
        FormatHead.Write(bytes, Magic, Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FormatHead.Bytes), (uint)values.Count);
        Span<byte> rest = bytes.AsSpan(HeadBytes);
        foreach ((string name, byte[] content) in values)
        {
            WriteField(ref rest, Convert.FromHexString(name));
            WriteField(ref rest, content);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Checksum.Of(0, bytes.AsSpan(0, length - ChecksumBytes)));
        return bytes;
    }

    private bool TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (!FormatHead.IsWhole(bytes, Magic, Version, _path) || bytes.Length < HeadBytes + ChecksumBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..])
                != Checksum.Of(0, bytes[..^ChecksumBytes]))
        {
            return false;
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FormatHead.Bytes..]);
        bytes = bytes[HeadBytes..^ChecksumBytes];
        for (uint i = 0; i < count; i++)
        {
            string name = Convert.ToHexString(ReadField(ref bytes));
            _values[name] = ReadField(ref bytes).ToArray();
        }

        return bytes.IsEmpty;
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
