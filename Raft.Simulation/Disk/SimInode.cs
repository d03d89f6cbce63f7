using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>A file's content: what is written, as the page cache shows it, and what of it is on the platter.</summary>
/// <remarks>
/// As with Linux, a sync that fails drops its pages from the list of those to be written: they stay readable, a later
/// sync succeeds without them, and a power cut shows what is missing.
/// </remarks>
internal sealed class SimInode
{
    private readonly List<Extent> _dirty = [];
    private byte[] _content = [];
    private byte[] _durable = [];
    private int _durableLength;

    /// <summary>The file's length as processes see it.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// Where the last write began that was synced together with it: all before it was durable before that write began.
    /// </summary>
    public int LastGroupOffset { get; private set; }

    /// <summary>Where written bytes other than zeros ahead of time end.</summary>
    public int UsedBytes { get; private set; }

    /// <summary>The same, as far as it is on the platter.</summary>
    public int DurableUsedBytes => Math.Min(UsedBytes, _durableLength);

    /// <summary>Reads.</summary>
    /// <returns>How many bytes there were.</returns>
    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        if (count > 0)
        {
            _content.AsSpan((int)offset, count).CopyTo(buffer);
        }

        return count;
    }

    /// <summary>Writes into the page cache.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        int end = (int)offset + bytes.Length;
        Grow(ref _content, end);
        Length = Math.Max(Length, end);
        bytes.CopyTo(_content.AsSpan((int)offset));
        UsedBytes = Math.Max(UsedBytes, end);
        _dirty.Add(new Extent((int)offset, bytes.Length));
    }

    /// <summary>Writes zeros into the page cache.</summary>
    public void WriteZeros(long offset, long length)
    {
        int end = (int)(offset + length);
        Grow(ref _content, end);
        Length = Math.Max(Length, end);
        _content.AsSpan((int)offset, (int)length).Clear();
        _dirty.Add(new Extent((int)offset, (int)length));
    }

    /// <summary>Brings what is written onto the platter.</summary>
    public void Sync()
    {
        foreach (Extent extent in _dirty)
        {
            Persist(extent.Offset, extent.Length);
        }

        _durableLength = Math.Max(_durableLength, Length);
        _dirty.Clear();
    }

    /// <summary>A group is durable: where it began.</summary>
    public void NoteGroup(long offset) => LastGroupOffset = (int)offset;

    /// <summary>A sync failed: some of what was written may be on the platter, and nothing will bring the rest there.</summary>
    public void FailSync(SimRandom random, int atomicBytes)
    {
        PersistSome(random, atomicBytes);
        _dirty.Clear();
    }

    /// <summary>The power fails: of what was not synced, some is on the platter, in whatever order; the rest is gone.</summary>
    /// <returns>Whether a write was torn.</returns>
    public bool CutPower(SimRandom random, int atomicBytes)
    {
        bool isTorn = _dirty.Count > 0 && PersistSome(random, atomicBytes);
        _dirty.Clear();
        Length = _durableLength;
        Array.Resize(ref _content, _durable.Length);
        _durable.CopyTo(_content, 0);
        return isTorn;
    }

    /// <summary>A bit on the platter goes bad, and is read so from now on.</summary>
    public void FlipBit(int offset, int bit)
    {
        _content[offset] ^= (byte)(1 << bit);
        _durable[offset] ^= (byte)(1 << bit);
    }

    private bool PersistSome(SimRandom random, int atomicBytes)
    {
        switch (random.Next(4))
        {
            case 0:
                return false;
            case 1:
                Sync();
                return false;
            case 2:
                // Writes reached the platter in order, the last one in part.
                int whole = random.Next(_dirty.Count + 1);
                for (int i = 0; i < whole; i++)
                {
                    PersistWithLength(_dirty[i].Offset, _dirty[i].Length);
                }

                return whole < _dirty.Count && PersistPieces(_dirty[whole], random, atomicBytes);
            default:
                bool isTorn = false;
                foreach (Extent extent in _dirty)
                {
                    isTorn |= PersistPieces(extent, random, atomicBytes);
                }

                return isTorn;
        }
    }

    private bool PersistPieces(Extent extent, SimRandom random, int atomicBytes)
    {
        bool hasKept = false;
        bool hasLost = false;
        double share = random.NextFraction();
        for (int at = extent.Offset; at < extent.Offset + extent.Length;)
        {
            int end = Math.Min((at / atomicBytes * atomicBytes) + atomicBytes, extent.Offset + extent.Length);
            if (random.Chance(share))
            {
                PersistWithLength(at, end - at);
                hasKept = true;
            }
            else
            {
                hasLost = true;
            }

            at = end;
        }

        return hasKept && hasLost;
    }

    private void PersistWithLength(int offset, int length)
    {
        Persist(offset, length);
        _durableLength = Math.Max(_durableLength, offset + length);
    }

    private void Persist(int offset, int length)
    {
        Grow(ref _durable, offset + length);
        _content.AsSpan(offset, length).CopyTo(_durable.AsSpan(offset));
    }

    private static void Grow(ref byte[] bytes, int length)
    {
        if (bytes.Length < length)
        {
            Array.Resize(ref bytes, length);
        }
    }

    private readonly record struct Extent(int Offset, int Length);
}
