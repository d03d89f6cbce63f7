using Raft.Mutations;
using Raft.Storage;
using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>A recovery did not come to its end, and the process goes on: what is done next on the same stores, and after them.</summary>
[TestFixture]
public sealed class RecoverAgainTests
{
    private const int ChangesMax = 100;

    private static readonly RaftConfig Config = new() { LocalId = "n1" };

    private static readonly ClusterConfiguration Old = new(new Server("n1", "addr1"), new Server("n2", "addr2"));

    private static readonly ClusterConfiguration New = new(new Server("n1", "addr1"), new Server("n3", "addr3"));

    private static readonly ClusterConfiguration Alone = new(new Server("n1", "addr1"));

    [Test]
    public async Task After_a_failure_at_any_change_whatever_is_done_on_the_same_stores_leaves_the_server_as_it_was_or_recovered(
        [Values] bool startsInstead, [Values] bool onlySyncsFail)
    {
        int failed = 0;
        for (int change = 1; change < ChangesMax; change++)
        {
            FaultDisk disk = await MakeAsync();
            await using WalStore store = await WalScript.OpenAsync(disk);
            FileSnapshotStore snapshots = await SnapshotDirectory.OpenAsync(disk);
            disk.FailOnlySyncs = onlySyncsFail;
            disk.FailFrom = disk.Changes + change;
            if (await FailAsync(() => RecoverAsync(store, snapshots, New)))
            {
                break;
            }

            failed++;
            disk.FailFrom = int.MaxValue;
            Func<Task> next = startsInstead ? () => StartAsync(store, snapshots) : () => RecoverAsync(store, snapshots, New);
            bool isDone = await FailAsync(next);
            foreach ((bool keepsUnsynced, bool keepsNames) in new[] { (true, true), (false, false), (false, true) })
            {
                bool isRecovered = await StartAsync(disk.AfterPowerCut(keepsUnsynced, keepsNames));
                Assert.That(isRecovered || startsInstead || !isDone, $"change {change}");
            }
        }

        Assert.That(failed, Is.InRange(5, ChangesMax - 2), "it was cut short, and came to its end");
    }

    /// <summary>As <see cref="FileSnapshotStore"/> did once; the contract forbids it, but here it would bring the old members back.</summary>
    [Test]
    public async Task A_snapshot_that_its_store_did_not_list_after_its_commit_failed_and_lists_later_is_the_recovered_one()
    {
        var log = new InMemoryLogStore();
        var stable = new InMemoryStableStore();
        var snapshots = new HidingStore();
        await RaftNode.BootstrapClusterAsync(Config, log, stable, snapshots.Inner, Old);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(
                async () => await RaftNode.RecoverClusterAsync(
                    Config, new CountingFsm(), log, stable, snapshots, New, acceptsUncommitted: true),
                Throws.TypeOf<StoreException>());
        }

        IndexedConfiguration found = await RaftNode.ReadConfigurationAsync(log, stable, snapshots.Inner);

        Assert.That(found, Is.EqualTo(new IndexedConfiguration(New, 1)));
    }

    [Test]
    public async Task A_server_whose_recovery_was_refused_since_the_clock_was_set_back_goes_by_the_one_before_and_can_be_recovered_again()
    {
        FaultDisk disk = await MakeAsync();
        await using WalStore store = await WalScript.OpenAsync(disk);
        FileSnapshotStore now = await OpenAsync(disk, unixMilliseconds: 1_700_000_000_000);
        await RecoverAsync(store, now, New);
        FileSnapshotStore earlier = await OpenAsync(disk, unixMilliseconds: 1_600_000_000_000);
        Assert.That(
            async () => await RecoverAsync(store, earlier, Alone),
            Throws.TypeOf<StoreException>().With.Message.Contains("recover again"));

        FileSnapshotStore later = await OpenAsync(disk, unixMilliseconds: 1_800_000_000_000);
        Assert.That((await RaftNode.ReadConfigurationAsync(store.Log, store.Stable, later)).Configuration, Is.EqualTo(New));
        await RecoverAsync(store, later, Alone);

        Assert.That((await RaftNode.ReadConfigurationAsync(store.Log, store.Stable, later)).Configuration, Is.EqualTo(Alone));
    }

    /// <summary>A server of two, with one command behind its bootstrap.</summary>
    private static async Task<FaultDisk> MakeAsync()
    {
        var disk = new FaultDisk();
        await using WalStore store = await WalScript.OpenAsync(disk);
        await RaftNode.BootstrapClusterAsync(Config, store.Log, store.Stable, await SnapshotDirectory.OpenAsync(disk), Old);
        await store.Log.AppendAsync(new LogAppend([LoneFollower.Entries(2, 1)], CurrentTerm: 1, CommitIndex: 0));
        return disk;
    }

    private static ValueTask<FileSnapshotStore> OpenAsync(FaultDisk disk, long unixMilliseconds) =>
        SnapshotDirectory.OpenAsync(disk, new FileSnapshotOptions { TimeProvider = new StandingClock(unixMilliseconds) });

    private static Task<RecoveryReport> RecoverAsync(WalStore store, ISnapshotStore snapshots, ClusterConfiguration members) =>
        RaftNode.RecoverClusterAsync(
            Config, new CountingFsm(), store.Log, store.Stable, snapshots, members, acceptsUncommitted: true);

    private static async Task<bool> StartAsync(FaultDisk disk)
    {
        await using WalStore store = await WalScript.OpenAsync(disk);
        return await StartAsync(store, await SnapshotDirectory.OpenAsync(disk));
    }

    /// <summary>Does what a start does, and holds what it finds to one of the two states that there may be.</summary>
    /// <returns>Whether the server is recovered.</returns>
    private static async Task<bool> StartAsync(WalStore store, FileSnapshotStore snapshots)
    {
        IReadOnlyList<SnapshotMeta> kept = await snapshots.ListAsync();
        RecoveredLog found = await RecoveredLog.ReadAsync(
            store.Log, store.Stable, kept.Count == 0 ? null : kept[0], kept, held: default, Mutation.None);
        await found.FinishAsync(store.Log, store.Stable);
        bool isRecovered = found.Configuration.Configuration.Equals(New);
        Assert.That(isRecovered || found.Configuration.Configuration.Equals(Old), "no other members");
        Assert.That(
            (kept.Count > 0, store.Log.FirstIndex, store.Log.LastIndex),
            Is.EqualTo(isRecovered ? (true, 0ul, 0ul) : (false, 1ul, 2ul)), "one of the two, whole");
        return isRecovered;
    }

    /// <returns>Whether it came to its end.</returns>
    private static async Task<bool> FailAsync(Func<Task> run)
    {
        try
        {
            await run();
            return true;
        }
        catch (RaftException)
        {
            // What a disk that failed looks like from within.
            return false;
        }
    }

    /// <summary>A store whose first commit comes through and says that it failed; it lists nothing, and takes nothing since.</summary>
    private sealed class HidingStore : ISnapshotStore
    {
        private bool _hasFailed;

        public InMemorySnapshotStore Inner { get; } = new();

        public async ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point) => _hasFailed
            ? throw new StoreException("Nothing is written since.")
            : new Sink(this, await Inner.CreateAsync(point));

        public ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync() => ValueTask.FromResult<IReadOnlyList<SnapshotMeta>>([]);

        public ValueTask<ISnapshotSource> OpenAsync(string id) => Inner.OpenAsync(id);

        private sealed class Sink(HidingStore store, ISnapshotSink inner) : ISnapshotSink
        {
            public string Id => inner.Id;

            public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => inner.WriteAsync(bytes);

            public async ValueTask<SnapshotMeta> CommitAsync()
            {
                store._hasFailed = true;
                await inner.CommitAsync();
                throw new StoreException("The directory could not be synced.");
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
