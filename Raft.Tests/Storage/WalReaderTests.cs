using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Whoever looks at the files of a stopped store sees what the store would find, and changes nothing.</summary>
[TestFixture]
public sealed class WalReaderTests
{
    [Test]
    public async Task It_reads_what_the_store_holds_after_any_step_and_changes_nothing([Range(0, 12)] int steps)
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(steps);
        disk.KillProcess();
        FaultDisk before = disk.Clone();

        await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);

        Assert.That(await TestEntries.AllAsync(reader.Log), Is.EqualTo(script.Held));
        Assert.That((reader.Damage, reader.TornTail), Is.EqualTo((Array.Empty<StoreException>(), (WalTornTail?)null)));
        Assert.That(reader.Segments.Select(s => s.Path), Is.EqualTo(disk.Paths.Where(p => p.EndsWith(".wal", StringComparison.Ordinal))));
        Assert.That(disk.HoldsTheSameAs(before), Is.True);
    }

    [Test]
    public async Task It_tells_term_and_vote_values_and_what_is_known_to_be_committed()
    {
        var disk = new FaultDisk();
        await using (WalStore store = await WalScript.OpenAsync(disk))
        {
            await store.Stable.SaveAsync(new TermAndVote(3, "n1", "a:1"));
            await store.Stable.SetAsync("key"u8.ToArray(), "value"u8.ToArray());
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 5, term: 3)));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 6, count: 1, term: 3), commitIndex: 4));
        }

        await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);

        Assert.That(await reader.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(3, "n1", "a:1")));
        Assert.That(await reader.Stable.GetAsync("key"u8.ToArray()), Is.EqualTo("value"u8.ToArray()));
        Assert.That(((ICommitHint)reader.Log).KnownCommitIndex, Is.EqualTo(4));
        Assert.That(
            async () => await reader.Log.TruncateSuffixAsync(1), Throws.TypeOf<NotSupportedException>().With.Message.Contains("opened to be read"));
    }

    [Test]
    public async Task A_tail_torn_at_any_byte_is_told_with_the_entries_that_may_be_missing()
    {
        (FaultDisk after, WalScript done) = await WalScript.RunAsync(WalScript.Steps.Count);
        after.KillProcess();
        (_, long offset, int length) = after.LastWrite;
        string path = after.NewestSegment;
        ulong last = (ulong)done.Held.Count;
        for (int torn = 0; torn < length; torn++)
        {
            FaultDisk disk = after.Clone();
            disk.Content(path).AsSpan((int)offset + torn, length - torn).Clear();
            FaultDisk before = disk.Clone();
            await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);
            List<string> read = await TestEntries.AllAsync(reader.Log);

            // A record is whole with the last of its bytes that is not zero anyway, and nothing is torn where nothing was written.
            bool isTorn = torn > 0 && read.Count < done.Held.Count;
            bool isKnown = isTorn && torn >= GroupHeader.Bytes - sizeof(uint);
            Assert.That(reader.Damage, Is.Empty, $"torn at {torn}");
            Assert.That(reader.TornTail is not null, Is.EqualTo(isTorn), $"torn at {torn}");
            Assert.That(reader.TornTail?.Path ?? path, Is.EqualTo(path));
            Assert.That(
                reader.TornTail is { FirstIndex: var first, LastIndex: var end } ? (first, end) : (0, 0),
                Is.EqualTo(isKnown ? ((ulong)read.Count + 1, last) : (0UL, 0UL)), $"torn at {torn}");
            Assert.That(disk.HoldsTheSameAs(before), Is.True);
            Assert.That(read, Is.EqualTo(await WalScript.ContentAsync(disk)), $"torn at {torn}");
        }
    }

    [Test]
    public async Task A_truncation_that_is_torn_names_no_entries()
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 5, term: 1)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 6, count: 5, term: 1)));
        await store.Log.TruncateSuffixAsync(3);
        disk.KillProcess();
        (_, long offset, int length) = disk.LastWrite;
        string path = disk.NewestSegment;
        disk.Content(path).AsSpan((int)offset + GroupHeader.Bytes, length - GroupHeader.Bytes).Clear();

        await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);

        Assert.That(await TestEntries.AllAsync(reader.Log), Has.Count.EqualTo(10));
        Assert.That(reader.TornTail, Is.EqualTo(new WalTornTail(path, offset + GroupHeader.Bytes, 0, 0)));
    }

    [Test]
    public async Task One_bit_flipped_anywhere_is_damage_where_the_store_is_refused_and_what_stands_before_is_read([Range(1, 3)] int seed)
    {
        (FaultDisk whole, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        whole.KillProcess();
        var ever = new HashSet<string>(script.Held);
        for (int steps = 1; steps < WalScript.Steps.Count; steps++)
        {
            ever.UnionWith((await WalScript.RunAsync(steps)).Script.Held);
        }

        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 1500; i++)
        {
            FaultDisk disk = whole.Clone();
            string path = disk.Paths[random.Next(disk.Paths.Count)];
            byte[] content = disk.Content(path);
            int at = random.Next(content.Length);
            at = content.AsSpan(at).ContainsAnyExcept((byte)0) ? at : random.Next(Math.Min(content.Length, 600));
            content[at] ^= (byte)(1 << random.Next(8));
            FaultDisk before = disk.Clone();

            await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);
            List<string> read = await TestEntries.AllAsync(reader.Log);

            string context = $"seed {seed}: {path} byte {at}";
            Assert.That(disk.HoldsTheSameAs(before), Is.True, context);
            string? refusal = await RefusalAsync(disk);
            Assert.That(reader.Damage.Select(d => d.Message), refusal is null ? Is.Empty : Does.Contain(refusal), context);
            if (refusal is null)
            {
                Assert.That(read, Is.EqualTo(await WalScript.ContentAsync(disk)), context);
            }
            else
            {
                // What drops some of them again may stand behind the damage.
                Assert.That(read, Is.SubsetOf(ever), context);
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(100), "the flips matter");
    }

    [Test]
    public async Task Log_and_record_that_are_both_damaged_are_both_named()
    {
        (FaultDisk disk, _) = await WalScript.RunAsync(WalScript.Steps.Count);
        disk.KillProcess();
        string first = disk.Paths.First(p => p.EndsWith(".wal", StringComparison.Ordinal));
        disk.Content(first)[SegmentHeader.PageBytes + 70] ^= 1;
        disk.Content($"{WalScript.Directory}/stable.rec").AsSpan().Clear();

        await using WalReader reader = await WalReader.OpenAsync(WalScript.Directory, disk);

        Assert.That(reader.Damage, Has.Count.EqualTo(2));
        Assert.That(reader.Damage[0].Message, Does.Contain("stable.rec is damaged at offset 0"));
        Assert.That(reader.Damage[1].Message, Does.Contain($"{first} is damaged at offset {SegmentHeader.PageBytes + GroupHeader.Bytes}"));
        Assert.That(reader.Segments.Single().EndOffset, Is.EqualTo(SegmentHeader.PageBytes + GroupHeader.Bytes), "the whole part ends there");
        Assert.That(await reader.Stable.LoadAsync(), Is.Null);
    }

    private static async Task<string?> RefusalAsync(FaultDisk disk)
    {
        try
        {
            FaultDisk copy = disk.Clone();
            await (await WalScript.OpenAsync(copy)).DisposeAsync();
            return null;
        }
        catch (StoreException refused)
        {
            return refused.Message;
        }
    }
}
