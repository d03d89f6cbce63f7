using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.LiteDb.Documents;

/// <summary>The bytes of a single record: its content, and behind it a checksum of its id and the content.</summary>
internal static class RecordEncoding
{
    /// <summary>Encodes a record.</summary>
    public static byte[] Encode(ulong id, ReadOnlySpan<byte> content)
    {
        byte[] record = new byte[content.Length + sizeof(uint)];
        content.CopyTo(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(content.Length), Checksum.Of(Checksum.Of(0, id), content));
        return record;
    }

    /// <summary>Decodes a record.</summary>
    /// <exception cref="FormatException">It is not what was written.</exception>
    public static ReadOnlySpan<byte> Decode(ulong id, ReadOnlySpan<byte> record)
    {
        if (record.Length < sizeof(uint))
        {
            throw new FormatException("it is too short");
        }

        ReadOnlySpan<byte> content = record[..^sizeof(uint)];
        return BinaryPrimitives.ReadUInt32LittleEndian(record[^sizeof(uint)..]) == Checksum.Of(Checksum.Of(0, id), content)
            ? content
            : throw new FormatException("it is not what was written");
    }
}
