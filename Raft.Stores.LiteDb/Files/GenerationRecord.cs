using System.Buffers.Binary;
using Raft.Stores.Wal;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// The record at the beginning of the file of frames, which says what salt the frames have that count. A new one, with another
/// salt, empties the log in one step.
/// </summary>
internal sealed class GenerationRecord(FusedFile file)
{
    private static readonly byte[] Magic = [.. "RAFTFRAM"u8];

    private readonly RecordSlots _slots = new(file.Path, Magic);

    /// <summary>The store's id, which all its files hold.</summary>
    public ulong StoreId => _slots.Newest!.Salt;

    /// <summary>The salt of the frames of this generation.</summary>
    public ulong Salt => BinaryPrimitives.ReadUInt64LittleEndian(_slots.Newest!.Payload.Span);

    /// <summary>Makes the record in a new file.</summary>
    /// <param name="storeId">The store's id.</param>
    /// <param name="salt">The salt of the first generation.</param>
    public void Create(ulong storeId, ulong salt)
    {
        _slots.Begin(storeId);
        Begin(salt);
    }

    /// <summary>Reads the record, and writes nothing.</summary>
    /// <exception cref="CorruptStoreException">No copy is whole.</exception>
    public void Read()
    {
        byte[] bytes = new byte[RecordSlots.FileBytes];
        int read = file.ReadAt(0, bytes);
        _slots.Read(bytes.AsMemory(0, read));
        if (_slots.Newest is not { Payload.Length: >= sizeof(ulong) })
        {
            throw Damage.At(file.Path, 0, "no copy of the record of its generation is whole");
        }
    }

    /// <summary>Makes durable what was read, in both copies.</summary>
    public void Repair()
    {
        (long first, long second, ReadOnlyMemory<byte> copy) = _slots.Repairs();
        file.WriteAt(first, copy.Span);
        file.Sync();
        file.WriteAt(second, copy.Span);
        file.Sync();
    }

    /// <summary>Begins a generation. On return no frame of the one before counts any more, whatever happens.</summary>
    /// <param name="salt">Its salt.</param>
    public void Begin(ulong salt)
    {
        byte[] payload = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, salt);
        (RecordSlot next, long offset, ReadOnlyMemory<byte> copies) = _slots.Next(payload);
        file.WriteAt(offset, copies.Span);
        file.Sync();
        _slots.Accept(next);
    }
}
