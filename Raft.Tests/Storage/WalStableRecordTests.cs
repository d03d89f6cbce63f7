using Raft.Stores.Wal;
using Raft.Stores.Wal.Stable;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The term and vote survive whatever hits one place of their file.</summary>
[TestFixture]
public sealed class WalStableRecordTests
{
    private const string StablePath = $"{WalScript.Directory}/stable.rec";

    [Test]
    [Reference("d16")]
    public async Task A_save_torn_at_any_byte_leaves_the_old_record_or_the_new([Range(0, 3)] int saves)
    {
        FaultDisk disk = await SavedAsync(saves);
        TermAndVote? old = await LoadAsync(disk.Clone());
        FaultDisk saved = disk.Clone();
        WalStore store = await WalScript.OpenAsync(saved);
        var next = new TermAndVote(77, "other", "b:2");
        await store.Stable.SaveAsync(next);
        (_, long offset, int length) = saved.LastWrite;
        byte[] written = saved.Content(StablePath).AsSpan((int)offset, length).ToArray();
        for (int torn = 0; torn <= length; torn += torn is < 200 or (> 4090 and < 4300) ? 1 : 97)
        {
            FaultDisk left = disk.Clone();
            written.AsSpan(0, torn).CopyTo(left.Content(StablePath).AsSpan((int)offset));

            TermAndVote? loaded = await LoadAsync(left);

            Assert.That(loaded, Is.AnyOf(old, next), $"torn at {torn}");
            Assert.That(await LoadAsync(left), Is.EqualTo(loaded), $"torn at {torn}");
        }
    }

    [Test]
    public async Task One_flipped_bit_never_loses_the_newest_record([Range(1, 3)] int saves)
    {
        FaultDisk disk = await SavedAsync(saves);
        for (int bit = 0; bit < disk.Content(StablePath).Length * 8; bit += bit % 32768 < 1024 ? 1 : 501)
        {
            FaultDisk flipped = disk.Clone();
            flipped.Content(StablePath)[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.That((await LoadAsync(flipped))?.Term, Is.EqualTo(saves), $"bit {bit}");
            Assert.That((await LoadAsync(flipped))?.Term, Is.EqualTo(saves), $"bit {bit}, the second time");
        }
    }

    [Test]
    public async Task A_record_read_at_open_survives_a_power_cut_although_the_sync_before_it_had_failed()
    {
        FaultDisk disk = await SavedAsync(saves: 2);
        WalStore store = await WalScript.OpenAsync(disk);
        disk.FailFrom = disk.Changes + 1;
        disk.FailOnlySyncs = true;
        Assert.That(async () => await store.Stable.SaveAsync(new TermAndVote(3, "third")), Throws.TypeOf<StoreException>());
        disk.KillProcess();

        TermAndVote? read = await LoadAsync(disk);
        TermAndVote? afterwards = await LoadAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));

        Assert.That(read, Is.EqualTo(new TermAndVote(3, "third")));
        Assert.That(afterwards, Is.EqualTo(read));
    }

    [Test]
    public async Task A_record_with_one_copy_left_is_given_its_second_copy_again()
    {
        FaultDisk disk = await SavedAsync(saves: 2);
        disk.Content(StablePath)[10] ^= 1;
        Assert.That((await LoadAsync(disk))?.Term, Is.EqualTo(2));

        // Wherever the next sector is lost, a copy is left.
        for (int sector = 0; sector < 4; sector++)
        {
            FaultDisk lost = disk.Clone();
            lost.Content(StablePath).AsSpan(sector * RecordSlot.SectorBytes, RecordSlot.SectorBytes).Fill(0xee);
            Assert.That((await LoadAsync(lost))?.Term, Is.EqualTo(2), $"sector {sector}");
        }
    }

    [TestCase(0x00)]
    [TestCase(0xff)]
    public async Task A_file_without_any_whole_copy_is_refused_and_left_alone(byte filler)
    {
        FaultDisk disk = await SavedAsync(saves: 2);
        disk.Content(StablePath).AsSpan().Fill(filler);
        FaultDisk opened = disk.Clone();

        Assert.That(
            async () => await WalScript.OpenAsync(opened),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(StablePath).And.Message.Contains("offset"));
        Assert.That(opened.HoldsTheSameAs(disk), Is.True);
    }

    [Test]
    public void A_later_version_may_add_fields_behind_those_of_this_one()
    {
        byte[] encoded = TermAndVoteEncoding.Encode(new TermAndVote(5, "n", null));

        TermAndVote decoded = TermAndVoteEncoding.Decode([.. encoded, 3, 0, 1, 2, 3]);

        Assert.That(decoded, Is.EqualTo(new TermAndVote(5, "n", null)));
    }

    [Test]
    public async Task A_damaged_file_of_values_is_refused()
    {
        FaultDisk disk = await SavedAsync(saves: 1);
        disk.Content($"{WalScript.Directory}/values.rec")[^6] ^= 1;

        Assert.That(
            async () => await WalScript.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("values.rec"));
    }

    [Test]
    public async Task A_name_too_long_for_the_record_is_refused_and_the_store_goes_on()
    {
        FaultDisk disk = await SavedAsync(saves: 1);
        WalStore store = await WalScript.OpenAsync(disk);

        Assert.That(
            async () => await store.Stable.SaveAsync(new TermAndVote(2, new string('x', 5000))), Throws.ArgumentException.With.Message.Contains("5000"));
        await store.Stable.SaveAsync(new TermAndVote(2, "short"));

        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(2, "short")));
    }

    private static async Task<FaultDisk> SavedAsync(int saves)
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Stable.SetAsync(new byte[] { 1 }, new byte[] { 2 });
        for (int term = 1; term <= saves; term++)
        {
            await store.Stable.SaveAsync(new TermAndVote((ulong)term, "node-1", "a:1"));
        }

        await store.DisposeAsync();
        return disk;
    }

    private static async Task<TermAndVote?> LoadAsync(FaultDisk disk)
    {
        WalStore store = await WalScript.OpenAsync(disk);
        TermAndVote? record = await store.Stable.LoadAsync();
        await store.DisposeAsync();
        return record;
    }
}
