using System.Buffers.Binary;
using System.Globalization;
using Raft.Stores.Bolt.Format;

namespace Raft.Tests.Import;

/// <summary>Changes a file of Bolt as chance has it, and back again.</summary>
internal sealed class FileMutator
{
    private const int PageBytes = 4096;
    private const int MetaChecksumAt = 16 + 56;
    private const int MetaTransactionAt = 16 + 48;

    private readonly byte[] _original;
    private readonly ValueOwners _owners;
    private readonly List<(int Start, int Length)> _touched = [];
    private readonly int _usedPages;

    public FileMutator(byte[] original, ValueOwners owners)
    {
        _original = original;
        _owners = owners;
        Bytes = [.. original];
        Length = original.Length;
        _usedPages = (int)Math.Max(HighWater(page: 0), HighWater(page: 1));
    }

    /// <summary>The file as it is now.</summary>
    public byte[] Bytes { get; }

    /// <summary>How long it is now.</summary>
    public int Length { get; private set; }

    /// <summary>What was done to it, in words.</summary>
    public string Text { get; private set; } = string.Empty;

    /// <summary>Whose values were changed.</summary>
    public HashSet<ulong> ChangedOwners()
    {
        var changed = new HashSet<ulong>();
        foreach ((int start, int length) in _touched)
        {
            for (int i = start; i < start + length; i++)
            {
                if (Bytes[i] != _original[i] && _owners[i] != 0)
                {
                    changed.Add(_owners[i]);
                }
            }
        }

        return changed;
    }

    /// <summary>Makes one change, or two.</summary>
    public void Mutate(Random random)
    {
        Revert();
        int changes = random.Next(8) == 0 ? 2 : 1;
        for (int i = 0; i < changes; i++)
        {
            Change(random);
        }
    }

    private void Change(Random random)
    {
        int position = random.Next(2) == 0
            ? _owners.Structure[random.Next(_owners.Structure.Length)]
            : random.Next(_usedPages * PageBytes);
        int length = Math.Min(random.Next(4) == 0 ? random.Next(1, PageBytes) : random.Next(1, 24), Bytes.Length - position);
        int page = random.Next(_usedPages);
        int other = random.Next(_usedPages);
        int kind = random.Next(11);
        Text += string.Create(CultureInfo.InvariantCulture, $" kind {kind} at {position} for {length}, pages {page} and {other};");
        switch (kind)
        {
            case 0 or 1:
                Touch(position, 1)[0] ^= (byte)(1 << random.Next(8));
                Repair(random, position, 1);
                break;
            case 2:
                Touch(position, 1)[0] = (byte)random.Next(256);
                Repair(random, position, 1);
                break;
            case 3:
                Touch(position, length).Clear();
                Repair(random, position, length);
                break;
            case 4:
                random.NextBytes(Touch(position, length));
                Repair(random, position, length);
                break;
            case 5:
                int source = random.Next(_usedPages * PageBytes - length);
                Bytes.AsSpan(source, length).ToArray().CopyTo(Touch(position, length));
                break;
            case 6:
                byte[] kept = Bytes.AsSpan(page * PageBytes, PageBytes).ToArray();
                Bytes.AsSpan(other * PageBytes, PageBytes).CopyTo(Touch(page * PageBytes, PageBytes));
                kept.CopyTo(Touch(other * PageBytes, PageBytes));
                break;
            case 7:
                Bytes.AsSpan(other * PageBytes, PageBytes).CopyTo(Touch(page * PageBytes, PageBytes));
                break;
            case 8:
                // With its number put right too. A free page may be an older version of the one in whose place it comes, whole and
                // without a fault: that it is not the newest can be told by nothing.
                int used = _owners.Pages[random.Next(_owners.Pages.Count)];
                Span<byte> target = Touch(page * PageBytes, PageBytes);
                _original.AsSpan(used * PageBytes, PageBytes).CopyTo(target);
                BinaryPrimitives.WriteUInt64LittleEndian(target, (ulong)page);
                break;
            case 9:
                int field = Math.Min(position & ~3, Bytes.Length - 8);
                SetNumber(random, Touch(field, 8));
                Repair(random, field, 8);
                break;
            default:
                Length = Math.Min(Length, random.Next(3) == 0 ? random.Next(Bytes.Length) : random.Next(_usedPages + 3) * PageBytes);
                break;
        }
    }

    /// <summary>A number that means something, in 2, 4 or 8 bytes.</summary>
    private void SetNumber(Random random, Span<byte> field)
    {
        ulong number = random.Next(6) switch
        {
            0 => 0,
            1 => ulong.MaxValue,
            2 => (ulong)random.Next(_usedPages + 2),
            3 => (ulong)random.Next(PageBytes),
            4 => 1UL << random.Next(64),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(field) + (ulong)random.NextInt64(-3, 4),
        };
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        bytes[..(2 << random.Next(3))].CopyTo(field);
    }

    /// <summary>
    /// Makes the checksum of a changed meta page right again, half the time, so that what it says is looked at. The number of the
    /// transaction stays: with a checksum that fits, it is what makes an older state of the file the newest.
    /// </summary>
    private void Repair(Random random, int position, int length)
    {
        if (random.Next(2) == 0)
        {
            return;
        }

        for (int page = 0; page < 2; page++)
        {
            int start = page * PageBytes;
            if (position < start + MetaChecksumAt + 8 && position + length > start)
            {
                _original.AsSpan(start + MetaTransactionAt, 8).CopyTo(Touch(start + MetaTransactionAt, 8));
                BinaryPrimitives.WriteUInt64LittleEndian(
                    Touch(start + MetaChecksumAt, 8), Fnv1a.Hash(Bytes.AsSpan(start + 16, MetaChecksumAt - 16)));
            }
        }
    }

    private Span<byte> Touch(int start, int length)
    {
        _touched.Add((start, length));
        return Bytes.AsSpan(start, length);
    }

    private void Revert()
    {
        foreach ((int start, int length) in _touched)
        {
            _original.AsSpan(start, length).CopyTo(Bytes.AsSpan(start));
        }

        _touched.Clear();
        Length = _original.Length;
        Text = string.Empty;
    }

    private ulong HighWater(int page) => BinaryPrimitives.ReadUInt64LittleEndian(_original.AsSpan((page * PageBytes) + 16 + 40));
}
