using System.Buffers.Binary;

namespace Raft.Tests.Import;

/// <summary>
/// Which bytes of a whole file of Bolt are the value of which entry, or of term and vote: Bolt keeps no checksum of them, so
/// that a changed one may pass. Found by reading the file once more, in a way of its own.
/// </summary>
internal sealed class ValueOwners
{
    /// <summary>Owns the values beside the entries.</summary>
    public const ulong Record = ulong.MaxValue;

    private const int PageBytes = 4096;

    private readonly byte[] _file;
    private readonly ulong[] _owners;

    public ValueOwners(byte[] file)
    {
        _file = file;
        _owners = new ulong[file.Length];
        int newest = Number(16 + 48) > Number(PageBytes + 16 + 48) ? 0 : PageBytes;
        int root = (int)Number(newest + 16 + 16) * PageBytes;
        for (int i = 0; i < Count(root); i++)
        {
            (int key, int value, _) = Element(root, i);
            bool isConf = file[key] == (byte)'c';
            int page = (int)Number(value);
            Take(page == 0 ? value + 16 : page * PageBytes, isConf);
        }

        Structure = [.. Enumerable.Range(0, file.Length / PageBytes).SelectMany(StructureOf)];
    }

    /// <summary>The bytes that say what stands where.</summary>
    public int[] Structure { get; }

    /// <summary>The pages that buckets consist of: none of them is an older version of another.</summary>
    public List<int> Pages { get; } = [];

    /// <summary>Whose value a byte belongs to; 0 for nobody's.</summary>
    public ulong this[int position] => _owners[position];

    private IEnumerable<int> StructureOf(int page)
    {
        int start = page * PageBytes;
        int bytes = page < 2 ? 80 : Math.Min(PageBytes, 16 + (16 * Count(start)));
        return Enumerable.Range(start, bytes);
    }

    private void Take(int page, bool isConf)
    {
        if (page % PageBytes == 0)
        {
            Pages.Add(page / PageBytes);
        }

        for (int i = 0; i < Count(page); i++)
        {
            if (_file[page + 8] == 1)
            {
                Take((int)Number(page + 16 + (16 * i) + 8) * PageBytes, isConf);
                continue;
            }

            (int key, int value, int length) = Element(page, i);
            ulong owner = isConf ? Record : BinaryPrimitives.ReadUInt64BigEndian(_file.AsSpan(key));
            Array.Fill(_owners, owner, value, length);
        }
    }

    private int Count(int page) => BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(page + 10));

    private ulong Number(int position) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(position));

    private (int Key, int Value, int Length) Element(int page, int position)
    {
        ReadOnlySpan<byte> element = _file.AsSpan(page + 16 + (16 * position), 16);
        int key = page + 16 + (16 * position) + (int)BinaryPrimitives.ReadUInt32LittleEndian(element[4..]);
        int keyBytes = (int)BinaryPrimitives.ReadUInt32LittleEndian(element[8..]);
        return (key, key + keyBytes, (int)BinaryPrimitives.ReadUInt32LittleEndian(element[12..]));
    }
}
