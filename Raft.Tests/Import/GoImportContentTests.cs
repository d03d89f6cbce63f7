using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>What an import makes of logs with gaps, of votes, and of values beside them.</summary>
[TestFixture]
public sealed class GoImportContentTests
{
    private static readonly SnapshotPoint Covered = TestSnapshots.Point(term: 4, index: 59);

    [Test]
    public async Task A_gap_that_a_snapshot_covers_is_left_behind_with_what_lies_before_it()
    {
        FaultDisk disk = await DiskAsync(
            BoltBuilder.Voted().WithEntries(3, 11, term: 4).WithEntries(60, 20, term: 4).WithEntries(80, 1, term: 5), Covered);

        string said = await ImportDisk.ImportAsync(disk);

        Assert.That(said, Does.Contain("took over entries 60..80, term 5, voted for @127.0.0.1:7001,")
            .And.Contain("; what lay before entry 60 is covered by a snapshot and left out;"));
        await using OpenStore store = await ConversionDisk.Wal.OpenAsync(ImportDisk.Directory, disk);
        Assert.That((store.Log.FirstIndex, store.Log.LastIndex), Is.EqualTo((60, 80)));
        Assert.That(await TestEntries.AllAsync(store.Log), Has.Count.EqualTo(21));
    }

    [TestCase(58ul)]
    [TestCase(13ul)]
    public async Task A_gap_that_no_snapshot_covers_is_refused(ulong end)
    {
        FaultDisk disk = await DiskAsync(
            BoltBuilder.Voted().WithEntries(3, 11, term: 4).WithEntries(60, 20, term: 4), TestSnapshots.Point(term: 4, index: end));

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(
                $"entries 14..59 are missing in its log, and its newest snapshot ends at {end}"));
    }

    [Test]
    public async Task A_term_below_that_of_the_last_entry_or_of_the_snapshot_is_refused()
    {
        FaultDisk log = await DiskAsync(BoltBuilder.Voted().WithEntries(1, 2, term: 6), snapshot: null);
        FaultDisk snapshot = await DiskAsync(
            BoltBuilder.Voted().WithEntries(60, 2, term: 5), TestSnapshots.Point(term: 6, index: 60));

        Assert.That(
            async () => await ImportDisk.ImportAsync(log),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("the term-and-vote record says 5"));
        Assert.That(
            async () => await ImportDisk.ImportAsync(snapshot),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("the term-and-vote record says 5"));
    }

    [Test]
    public async Task A_configuration_that_cannot_be_decoded_is_refused()
    {
        byte[] noConfiguration = [.. TestEntries.Batch(1, 1, term: 5).Encoded.ToArray()[..^1], (byte)LogType.Configuration];
        FaultDisk disk = await DiskAsync(BoltBuilder.Voted().WithEntry(1, noConfiguration), snapshot: null);
        FaultDisk before = disk.Clone();

        Assert.That(async () => await ImportDisk.ImportAsync(disk), Throws.TypeOf<CorruptStoreException>());
        Assert.That(disk.HoldsTheSameAs(before), Is.True);
    }

    [Test]
    public async Task The_candidate_gets_the_id_that_has_its_address_and_other_values_come_along()
    {
        FaultDisk disk = await DiskAsync(
            BoltBuilder.Voted().With("LastVoteCand", "127.0.0.1:9003"u8).With("mine", "value"u8).WithEntries(60, 2, term: 5), Covered);

        string said = await ImportDisk.ImportAsync(disk);

        Assert.That(said, Does.Contain("voted for n3@127.0.0.1:9003,").And.Contain("; beside the term: mine;"));
        await using OpenStore store = await ConversionDisk.Wal.OpenAsync(ImportDisk.Directory, disk);
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(5, "n3", "127.0.0.1:9003")));
        Assert.That(await store.Stable.GetAsync("mine"u8.ToArray()), Is.EqualTo("value"u8.ToArray()));
    }

    [Test]
    public async Task A_node_that_never_did_anything_is_taken_over_as_one()
    {
        FaultDisk disk = await DiskAsync(new BoltBuilder().With("CurrentTerm", 0), snapshot: null);

        Assert.That(
            await ImportDisk.ImportAsync(disk),
            Does.StartWith("took over no entries, term 0, no snapshot, configuration [] of entry 0;"));
        await using OpenStore store = await ConversionDisk.Wal.OpenAsync(ImportDisk.Directory, disk);
        FileSnapshotStore snapshots = await SnapshotDirectory.OpenAsync(disk);
        Assert.That(await RaftNode.HasExistingStateAsync(store.Log, store.Stable, snapshots), Is.False);
    }

    [Test]
    public async Task A_file_without_its_free_list_is_taken_over_and_what_could_not_be_seen_is_said()
    {
        FaultDisk disk = await DiskAsync(
            new BoltBuilder { IsFreelistOnDisk = false }.With("CurrentTerm", 5).WithEntries(1, 20, term: 5), snapshot: null);

        Assert.That(
            await ImportDisk.ImportAsync(disk),
            Does.StartWith("took over entries 1..20, term 5, no snapshot,").And.Contain("; its list of free pages is not on disk"));
    }

    private static async Task<FaultDisk> DiskAsync(BoltBuilder builder, SnapshotPoint? snapshot)
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "/data/raft.db", builder.Build());
        if (snapshot is not null)
        {
            await TestSnapshots.WriteAsync(await SnapshotDirectory.OpenAsync(disk), snapshot, TestSnapshots.Content(5000, seed: 1));
        }

        return disk.Clone();
    }
}
