namespace Raft.Stores.Wal.Stable;

/// <summary>
/// A small record in the first four sectors of a file: two generations, written in turn, of two copies each. A write that is
/// torn hurts only the generation it writes, and a sector that goes bad only one copy.
/// </summary>
/// <remarks>It knows what is to be written where; the file and its syncs are its owner's.</remarks>
/// <param name="path">The file, for the messages.</param>
/// <param name="magic">What says which record it is.</param>
/// <param name="mutation">A bug to plant.</param>
internal sealed class RecordSlots(string path, byte[] magic, WalMutation mutation = WalMutation.None)
{
    /// <summary>How much of the file the record takes.</summary>
    public const int FileBytes = GenerationCount * GenerationBytes;

    private const int CopyCount = 2;
    private const int GenerationCount = 2;
    private const int GenerationBytes = CopyCount * RecordSlot.SectorBytes;

    private readonly byte[] _buffer = new byte[GenerationBytes];
    private bool _isFirstCopyWhole;

    /// <summary>The record last written, or null where none was read that is whole.</summary>
    public RecordSlot? Newest { get; private set; }

    /// <summary>Begins in a new file; the record that is written first has sequence number 0.</summary>
    /// <param name="salt">Drawn for the file.</param>
    public void Begin(ulong salt) => Newest = new RecordSlot(salt, ulong.MaxValue, default);

    /// <summary>Finds the newest record.</summary>
    /// <param name="bytes">What the file holds of the four sectors; kept.</param>
    /// <exception cref="CorruptStoreException">The copies are not of one file.</exception>
    /// <exception cref="StoreException">One is of another format version.</exception>
    public void Read(ReadOnlyMemory<byte> bytes)
    {
        for (int at = 0; at < bytes.Length; at += RecordSlot.SectorBytes)
        {
            ReadOnlyMemory<byte> sector = bytes.Slice(at, Math.Min(RecordSlot.SectorBytes, bytes.Length - at));
            Consider(RecordSlot.Read(sector, magic, path, isChecked: mutation != WalMutation.TornRecord), at);
        }
    }

    /// <summary>What makes the newest record durable in both copies: first the one that is not whole, then the other.</summary>
    /// <returns>Where to write first and, when that is synced, second, and what; valid until the next call.</returns>
    /// <remarks>
    /// After a failed sync the page cache may hold, as clean, what the disk never got; a sync alone would succeed
    /// without it. So the record is written once more, one copy at a time: the other one is whole meanwhile.
    /// </remarks>
    public (long First, long Second, ReadOnlyMemory<byte> Copy) Repairs()
    {
        Fill(Newest!);
        long first = PlaceOf(Newest!.Sequence);
        long second = first + RecordSlot.SectorBytes;
        ReadOnlyMemory<byte> copy = _buffer.AsMemory(0, RecordSlot.SectorBytes);
        return _isFirstCopyWhole ? (second, first, copy) : (first, second, copy);
    }

    /// <summary>The record that comes next.</summary>
    /// <param name="payload">What it holds; kept once it is accepted.</param>
    /// <returns>The record, and what to write where, in one piece; valid until the next call.</returns>
    public (RecordSlot Next, long Offset, ReadOnlyMemory<byte> Copies) Next(ReadOnlyMemory<byte> payload)
    {
        RecordSlot next = Newest! with { Sequence = unchecked(Newest.Sequence + 1), Payload = payload };
        Fill(next);
        return (next, PlaceOf(next.Sequence), _buffer);
    }

    /// <summary>Notes that a record was written and synced.</summary>
    public void Accept(RecordSlot written) => Newest = written;

    private void Consider(RecordSlot? copy, long offset)
    {
        if (copy is null)
        {
            return;
        }

        if (Newest is not null && copy.Salt != Newest.Salt)
        {
            throw Damage.At(path, offset, "a copy from another file stands here");
        }

        if (offset / GenerationBytes * GenerationBytes == PlaceOf(copy.Sequence)
            && (Newest is null || copy.Sequence > Newest.Sequence))
        {
            _isFirstCopyWhole = offset == PlaceOf(copy.Sequence);
            Newest = copy;
        }
    }

    private void Fill(RecordSlot record)
    {
        for (int copy = 0; copy < CopyCount; copy++)
        {
            record.Write(_buffer.AsSpan(copy * RecordSlot.SectorBytes, RecordSlot.SectorBytes), magic);
        }
    }

    private long PlaceOf(ulong sequence) =>
        mutation == WalMutation.TornRecord ? 0 : (long)(sequence % GenerationCount) * GenerationBytes;
}
