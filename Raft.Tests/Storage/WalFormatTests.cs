using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The files are what docs/formats.md says: read here by that page alone, without the store's code.</summary>
[TestFixture]
public sealed class WalFormatTests
{
    [Test]
    public void The_checksum_is_the_one_that_others_call_crc32c()
    {
        Assert.That(Checksum.Of(0, "123456789"u8), Is.EqualTo(0xE3069283));
        Assert.That(Checksum.Of(Checksum.Of(0, "1234"u8), "56789"u8), Is.EqualTo(0xE3069283));
        Assert.That(Checksum.Of(0, 0x3837363534333231), Is.EqualTo(Checksum.Of(0, "12345678"u8)));
        Assert.That(Crc("123456789"u8.ToArray()), Is.EqualTo(0xE3069283));
    }

    [Test]
    public async Task Another_reader_finds_the_same_entries()
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        var held = new SortedDictionary<ulong, string>();
        uint chain = 0;
        ulong group = 0;
        foreach (string path in disk.Paths.Where(path => path.EndsWith(".wal", StringComparison.Ordinal)))
        {
            byte[] file = disk.Content(path);
            Assert.That(file[..8], Is.EqualTo("RAFTWAL\n"u8.ToArray()));
            Assert.That(U32(file, 8), Is.EqualTo(1));
            Assert.That(U32(file, 12), Is.EqualTo(Crc(file[..12])));
            Assert.That(path, Does.EndWith($"log-{U64(file, 24):D20}.wal"));
            Assert.That(U32(file, 72), Is.EqualTo(chain), "a segment names the chain value before it");
            chain = U32(file, 76);
            Assert.That(chain, Is.EqualTo(Crc(file[..76])));
            for (int at = 4096; at < file.Length && U32(file, at) == 0xF7A93D51;)
            {
                byte[] salted = [.. file[16..24], .. BitConverter.GetBytes((long)at), .. file[(at + 8)..(at + 64)]];
                Assert.That(U32(file, at + 4), Is.EqualTo(Crc(salted)));
                Assert.That(U64(file, at + 8), Is.EqualTo(++group), "groups are counted");
                Assert.That(U32(file, at + 56), Is.EqualTo(chain), "a group names the chain value before it");
                chain = U32(file, at + 4);
                at = ReadRecords(file, at, held, ref chain);
            }
        }

        Assert.That(held.Values, Is.EqualTo(script.Held));
    }

    [Test]
    public async Task Another_reader_finds_the_same_vote()
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Stable.SaveAsync(new TermAndVote(0x0102, "ab", null));
        byte[] file = disk.Content($"{WalScript.Directory}/stable.rec");

        Assert.That(file, Has.Length.EqualTo(4 * 4096));
        Assert.That(file[8192..12288], Is.EqualTo(file[12288..]), "two copies of generation 1");
        Assert.That(file[8192..8200], Is.EqualTo("RAFTVOTE"u8.ToArray()));
        Assert.That((U64(file, 24), U32(file, 32)), Is.EqualTo((0UL, 0U)), "generation 0 says that nothing was saved");
        Assert.That((U64(file, 8192 + 24), U32(file, 8192 + 32)), Is.EqualTo((1UL, 17U)));
        Assert.That(file[8232..8249], Is.EqualTo(new byte[] { 1, 8, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 97, 98, 255, 255 }));
        Assert.That(U32(file, 8192 + 36), Is.EqualTo(Crc([.. file[8192..8228], .. file[8232..8249]])));
    }

    private static int ReadRecords(byte[] file, int group, SortedDictionary<ulong, string> held, ref uint chain)
    {
        ulong index = U64(file, group + 32);
        int at = group + 64;
        int end = at + (int)U32(file, group + 48);
        uint count = 0;
        for (; at < end; count++)
        {
            int length = (int)(U32(file, at) & 0x0FFFFFFF);
            byte[] payload = file[(at + 8)..(at + 8 + length)];
            chain = Crc([.. file[at..(at + 4)], .. payload], chain);
            Assert.That(U32(file, at + 4), Is.EqualTo(chain));
            if (U32(file, at) >> 28 == 1)
            {
                held.Add(index++, TestEntries.Text(LogEncoding.Decode(payload)[0]));
            }
            else
            {
                Assert.That(U32(file, at) >> 28, Is.EqualTo(2));
                ulong from = U64(payload, 0);
                held.Keys.Where(key => key >= from).ToList().ForEach(key => held.Remove(key));
            }

            at += (8 + length + 7) / 8 * 8;
        }

        Assert.That(count, Is.EqualTo(U32(file, group + 52)));
        return end;
    }

    private static uint U32(byte[] bytes, int at) => BitConverter.ToUInt32(bytes, at);

    private static ulong U64(byte[] bytes, int at) => BitConverter.ToUInt64(bytes, at);

    /// <summary>Bit by bit, so that it shares nothing with the store's.</summary>
    private static uint Crc(byte[] bytes, uint before = 0)
    {
        uint state = ~before;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) == 0 ? state >> 1 : (state >> 1) ^ 0x82F63B78;
            }
        }

        return ~state;
    }
}
