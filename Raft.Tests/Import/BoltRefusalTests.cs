using System.Buffers.Binary;
using Raft.Stores.Bolt;
using Raft.Testing.Contracts;

namespace Raft.Tests.Import;

/// <summary>What no run of Bolt leaves is refused, with the page and the reason.</summary>
[TestFixture]
public sealed class BoltRefusalTests
{
    private const int Page = BoltBuilder.PageBytes;
    private const int Leaf = BoltBuilder.FirstLeafPage * Page;

    // Of a file with 20 entries: three leaves, from page 4 on, and a branch.
    private const int Branch = (BoltBuilder.FirstLeafPage + 3) * Page;

    private static IEnumerable<TestCaseData> Damages()
    {
        yield return Damage("page 0: the checksum of this meta page does not fit", f => f[16 + 40] ^= 1);
        yield return Damage("page 1: the checksum of this meta page does not fit", f => f[Page + 16 + 40] ^= 1);
        yield return Damage("page 0: it is no meta page of a BoltDB file", f => f.AsSpan(0, Page).Clear());
        yield return Damage("page 1: it is no meta page of a BoltDB file", f => f.AsSpan(Page, Page).Clear());
        yield return Damage("other order of bytes", f => f.AsSpan(Page + 16, 4).Reverse());
        yield return Damage("page 3: nothing was written to it since Bolt made it", MakeNew);
        yield return Damage("page 1: its header names it page 7", f => f[Page] = 7);
        yield return Damage("3000 bytes are no size of a page", f => BoltBuilder.SetMeta(f, 8, 3000));
        yield return Damage("page 0: the two meta pages contradict each other: transaction 8", f => BoltBuilder.SetMeta(f, 48, 8));
        yield return Damage("transaction 10 with", f => BoltBuilder.SetMeta(f, 48, 10));
        yield return Damage("it was cut off", f => BoltBuilder.SetMeta(f, 40, 9));
        yield return Damage("counts 18446744073709551615 pages", f => BoltBuilder.SetMeta(f, 40, ulong.MaxValue));
        yield return Damage("the buckets cannot begin at page 1 of 8", f => BoltBuilder.SetMeta(f, 16, 1));
        yield return Damage("the free list cannot begin at page 8 of 8", f => BoltBuilder.SetMeta(f, 32, 8));
        yield return Damage("page 4: it is of kind 2 where the free list", f => BoltBuilder.SetMeta(f, 32, 4));
        yield return Damage("page 4: it is used twice", f => Free(f, 4));
        yield return Damage("page 9: it reaches 0 pages on, behind the last of 8", f => Free(f, 9));
        yield return Damage("page 2: a free list of 60000 pages does not fit", f => SetShort(f, (2 * Page) + 10, 60000));
        yield return Damage("page 2: a free list of 18446744073709551615", f => Overlong(f));
        yield return Damage("page 5: it says that it is page 6", f => f[5 * Page] = 6);
        yield return Damage("page 5: it is of kind 0 within a bucket", f => f[(5 * Page) + 8] = 0);
        yield return Damage("page 5: it is of kind 3 within a bucket", f => f[(5 * Page) + 8] = 3);
        yield return Damage("page 4: 65535 elements do not fit", f => SetShort(f, Leaf + 10, 65535));
        yield return Damage("page 4: it is a leaf without a key", f => SetShort(f, Leaf + 10, 0));
        yield return Damage("page 4: element 1 points to byte", f => f[Leaf + 16 + 16 + 4] ^= 1);
        yield return Damage("page 4: element 7, a key of 8 and a value of 65", f => SetShort(f, Leaf + 16 + (7 * 16) + 12, 65000));
        yield return Damage("unknown flags 2", f => f[Leaf + 16] = 2);
        yield return Damage("page 4: 5 pages are said to belong to it", f => f[Leaf + 12] = 5);
        yield return Damage("page 4: its content takes 2224 bytes, and it has 1 pages behind it", f => f[Leaf + 12] = 1);
        yield return Damage("page 7: it leads to page 1", f => f[Branch + 16 + 8] = 1);
        yield return Damage("page 7: it is used twice", f => f[Branch + 16 + 8] = 7);
        yield return Damage("its keys are not those", f => f[Branch + 16 + 8] = 5);
        yield return Damage("page 4: it belongs to nothing and is not free", LoseLeaf);
        yield return Damage("does not follow the one before", f => f[Key(f, Leaf, 1) + 7] = 0);
        yield return Damage("page 4: its keys are not those", f => f[Key(f, Leaf, 7) + 7] = 200);
        yield return Damage("its keys are not", f => f[Key(f, Leaf, 7) + 7] = 9);
        yield return Damage("page 3: there is a bucket 'logt'", f => f[Key(f, 3 * Page, 1) + 3] = (byte)'t');
        yield return Damage("page 3: 'conf' stands among the buckets", f => f[(3 * Page) + 16] = 0);
    }

    [TestCaseSource(nameof(Damages))]
    public void A_damaged_file_is_refused_with_page_and_reason(Action<byte[]> damage, string says)
    {
        byte[] file = BoltBuilder.Voted().WithEntries(1, 20, term: 5).Build();

        damage(file);

        Assert.That(
            async () => await BoltStore.OpenAsync(new MemorySource(file)),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(says)
                .And.Message.Contains("raft.db, page ").And.Message.Contains("The file was not changed"));
    }

    [Test]
    public async Task The_file_that_is_damaged_above_is_whole()
    {
        byte[] file = BoltBuilder.Voted().WithEntries(1, 20, term: 5).Build();

        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(file));

        Assert.That(await TestEntries.AllAsync(store.Log), Has.Count.EqualTo(20));
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(5, default, "127.0.0.1:7001")));
    }

    [Test]
    public void A_file_of_another_version_is_refused_as_such()
    {
        byte[] file = BoltBuilder.Voted().Build();
        BoltBuilder.SetMeta(file, 4, 3 | ((ulong)Page << 32));

        Assert.That(
            async () => await BoltStore.OpenAsync(new MemorySource(file)),
            Throws.TypeOf<StoreException>().With.Message.Contains("version 3; version 2 is read here"));
    }

    [Test]
    public void An_entry_without_extensions_is_refused_and_the_way_out_is_said()
    {
        byte[] entry = TestEntries.Batch(1, 1, term: 5).Encoded.ToArray();
        entry[0] = 0x84;
        byte[] file = BoltBuilder.Voted().WithEntry(1, entry).Build();

        Assert.That(
            async () => await BoltStore.OpenAsync(new MemorySource(file)),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("entry 1 has no extensions: hashicorp/raft before 1.1.1 wrote it")
                .And.Message.Contains("Let the Go node take snapshots"));
    }

    [Test]
    public void A_file_cut_off_anywhere_is_refused()
    {
        byte[] file = BoltBuilder.Voted().WithEntries(1, 20, term: 5).Build();

        for (int length = 0; length < file.Length; length += 97)
        {
            Assert.That(
                async () => await BoltStore.OpenAsync(new MemorySource(file, length)),
                Throws.TypeOf<CorruptStoreException>(), $"{length} bytes");
        }
    }

    private static TestCaseData Damage(string says, Action<byte[]> damage) =>
        new TestCaseData(damage, says).SetArgDisplayNames(says);

    private static void MakeNew(byte[] file)
    {
        BoltBuilder.SetMeta(file, 48, 0, page: 0);
        BoltBuilder.SetMeta(file, 48, 1, page: 1);
    }

    private static void SetShort(byte[] file, int offset, ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(offset), value);

    private static void Free(byte[] file, byte page)
    {
        SetShort(file, (2 * Page) + 10, 1);
        file[(2 * Page) + 16] = page;
    }

    private static void Overlong(byte[] file)
    {
        SetShort(file, (2 * Page) + 10, 0xFFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((2 * Page) + 16), ulong.MaxValue);
    }

    /// <summary>Takes the first way out of the branch; what it led to is lost.</summary>
    private static void LoseLeaf(byte[] file)
    {
        byte[] second = file[(Branch + 32)..(Branch + 64)];
        byte[] keys = file[Key(file, Branch, 1)..(Key(file, Branch, 1) + 16)];
        file.AsSpan(Branch + 16, Page - 16).Clear();
        SetShort(file, Branch + 10, 2);
        second.CopyTo(file, Branch + 16);
        file[Branch + 16] = 32;
        file[Branch + 32] = 24;
        keys.CopyTo(file, Branch + 48);
    }

    private static int Key(byte[] file, int page, int position)
    {
        int element = page + 16 + (16 * position);
        bool isLeaf = file[page + 8] == 2;
        return element + (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(element + (isLeaf ? 4 : 0)));
    }
}
