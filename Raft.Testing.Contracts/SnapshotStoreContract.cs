using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>What every <see cref="ISnapshotStore"/> is held to. Derive a fixture from it that makes the store.</summary>
public abstract class SnapshotStoreContract : SnapshotSinkContract
{
    private const int MiB = 1 << 20;

    /// <summary>How many snapshots the store keeps at least; a store may keep only the newest.</summary>
    protected abstract int Retained { get; }

    /// <summary>Whatever the size, and however it is cut into pieces.</summary>
    /// <param name="size">How many bytes.</param>
    /// <param name="pieceBytes">How many at once.</param>
    [TestCase(0, 1)]
    [TestCase(1, 1)]
    [TestCase(4096, 4096)]
    [TestCase(10_007, 13)]
    [TestCase((3 * MiB) + 5, 65_537)]
    [TestCase(5 * MiB, 5 * MiB)]
    public async Task What_was_written_is_read_back_byte_for_byte(int size, int pieceBytes)
    {
        ISnapshotStore store = await CreateAsync();
        byte[] content = TestSnapshots.Content(size, seed: 1);

        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), content, pieceBytes);
        store = await ReopenAsync(store);

        Assert.That((await store.ListAsync()).Single(), Is.EqualTo(meta));
        Assert.That(await TestSnapshots.ReadAsync(store, meta.Id, pieceBytes), Is.EqualTo(content));
    }

    /// <summary>All that a node needs to go on from there.</summary>
    [Test]
    public async Task What_is_known_of_a_snapshot_is_told_alike_by_commit_list_and_source()
    {
        ISnapshotStore store = await CreateAsync();
        SnapshotPoint point = TestSnapshots.Point(7, ulong.MaxValue - 1);

        SnapshotMeta committed = await TestSnapshots.WriteAsync(store, point, TestSnapshots.Content(77, seed: 1));
        store = await ReopenAsync(store);
        SnapshotMeta listed = (await store.ListAsync()).Single();
        await using ISnapshotSource source = await store.OpenAsync(committed.Id);

        Assert.That((committed.Point, committed.Size, committed.Version), Is.EqualTo((point, 77L, SnapshotMeta.VersionWritten)));
        Assert.That((listed, source.Meta), Is.EqualTo((committed, committed)));
    }

    /// <summary>Half a snapshot is none.</summary>
    [Test]
    public async Task Nothing_is_visible_before_commit()
    {
        ISnapshotStore store = await CreateAsync();
        await using ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 10));
        await sink.WriteAsync(TestSnapshots.Content(100_000, seed: 1));

        Assert.That(await store.ListAsync(), Is.Empty);
        Assert.That(async () => await store.OpenAsync(sink.Id), Throws.InstanceOf<StoreException>());

        SnapshotMeta meta = await sink.CommitAsync();

        Assert.That((await store.ListAsync()).Select(m => m.Id), Is.EqualTo(new[] { sink.Id }));
        Assert.That(meta.Id, Is.EqualTo(sink.Id));
    }

    /// <summary>Nor does one that is given up come back with a restart.</summary>
    [Test]
    public async Task A_snapshot_that_is_disposed_without_a_commit_leaves_nothing()
    {
        ISnapshotStore store = await CreateAsync();
        SnapshotMeta kept = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), TestSnapshots.Content(9, seed: 1));
        ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 20));
        await sink.WriteAsync(TestSnapshots.Content(100_000, seed: 2));

        await sink.DisposeAsync();
        await sink.DisposeAsync();
        IReadOnlyList<SnapshotMeta> before = await store.ListAsync();
        store = await ReopenAsync(store);

        Assert.That(before, Is.EqualTo(new[] { kept }));
        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { kept }));
    }

    /// <summary>A crash of the process is no commit.</summary>
    [Test]
    public async Task A_snapshot_that_was_being_written_at_a_restart_is_not_there()
    {
        ISnapshotStore store = await CreateAsync();
        SnapshotMeta kept = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), TestSnapshots.Content(9, seed: 1));
        ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 20));
        await sink.WriteAsync(TestSnapshots.Content(1000, seed: 2));

        store = await ReopenAsync(store);

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { kept }));
    }

    /// <summary>Disposing ends the use of the sink, not of the snapshot.</summary>
    [Test]
    public async Task A_committed_snapshot_stays_when_its_sink_is_disposed()
    {
        ISnapshotStore store = await CreateAsync();
        ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 10));
        SnapshotMeta meta = await sink.CommitAsync();

        await sink.DisposeAsync();
        await sink.DisposeAsync();

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { meta }));
    }

    /// <summary>A node takes a snapshot while its leader sends it another, of the same point even.</summary>
    [Test]
    public async Task Two_snapshots_of_one_point_are_written_side_by_side()
    {
        ISnapshotStore store = await CreateAsync();
        byte[] one = TestSnapshots.Content(50_000, seed: 1);
        byte[] other = TestSnapshots.Content(60_000, seed: 2);
        await using ISnapshotSink first = await store.CreateAsync(TestSnapshots.Point(2, 10));
        await using ISnapshotSink second = await store.CreateAsync(TestSnapshots.Point(2, 10));

        for (int at = 0; at < one.Length; at += 10_000)
        {
            await first.WriteAsync(one.AsMemory(at, 10_000));
            await second.WriteAsync(other.AsMemory(at, 10_000));
        }

        await second.WriteAsync(other.AsMemory(one.Length));
        await first.CommitAsync();
        byte[] firstRead = await TestSnapshots.ReadAsync(store, first.Id);
        await second.CommitAsync();

        Assert.That(first.Id, Is.Not.EqualTo(second.Id));
        Assert.That(firstRead, Is.EqualTo(one));
        Assert.That(await TestSnapshots.ReadAsync(store, second.Id), Is.EqualTo(other));
    }

    /// <summary>Newer is what stands at a higher term, then at a higher index: not what was written later.</summary>
    [Test]
    public async Task The_newest_snapshots_are_kept_and_listed_by_term_then_index()
    {
        ISnapshotStore store = await CreateAsync();
        foreach ((ulong term, ulong index) in new[] { (2UL, 10UL), (10UL, 90UL), (9UL, 200UL), (10UL, 100UL), (2UL, 300UL) })
        {
            await TestSnapshots.WriteAsync(store, TestSnapshots.Point(term, index), TestSnapshots.Content((int)index, seed: 1));
        }

        store = await ReopenAsync(store);
        IReadOnlyList<SnapshotMeta> listed = await store.ListAsync();

        (ulong, ulong)[] expected = [(10, 100), (10, 90), (9, 200), (2, 300), (2, 10)];
        Assert.That(listed.Select(m => (m.Term, m.Index)), Is.EqualTo(expected.Take(listed.Count)));
        Assert.That(listed, Has.Count.GreaterThanOrEqualTo(Math.Min(Retained, expected.Length)));
    }

    /// <summary>A follower that is far behind is sent a snapshot for as long as it takes.</summary>
    [Test]
    public async Task An_open_snapshot_stays_readable_while_newer_ones_take_its_place()
    {
        ISnapshotStore store = await CreateAsync();
        byte[] content = TestSnapshots.Content(2 * MiB, seed: 1);
        SnapshotMeta old = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), content);
        await using ISnapshotSource source = await store.OpenAsync(old.Id);
        byte[] head = new byte[1000];
        int read = await source.ReadAsync(head);

        for (ulong index = 11; index < 15; index++)
        {
            await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, index), TestSnapshots.Content(10, seed: (int)index));
        }

        byte[] rest = await TestSnapshots.ReadAsync(source);

        Assert.That(head.Take(read).Concat(rest), Is.EqualTo(content));
    }

    /// <summary>Two followers are sent the same snapshot.</summary>
    [Test]
    public async Task One_snapshot_is_read_twice_at_once()
    {
        ISnapshotStore store = await CreateAsync();
        byte[] content = TestSnapshots.Content(30_000, seed: 1);
        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), content);
        await using ISnapshotSource one = await store.OpenAsync(meta.Id);
        await using ISnapshotSource other = await store.OpenAsync(meta.Id);

        byte[] head = new byte[10_000];
        int read = await one.ReadAsync(head);
        byte[] all = await TestSnapshots.ReadAsync(other);
        byte[] rest = await TestSnapshots.ReadAsync(one);

        Assert.That(all, Is.EqualTo(content));
        Assert.That(head.Take(read).Concat(rest), Is.EqualTo(content));
    }

    /// <summary>The end stays the end.</summary>
    [Test]
    public async Task The_end_is_reported_as_often_as_it_is_asked_for()
    {
        ISnapshotStore store = await CreateAsync();
        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), TestSnapshots.Content(5, seed: 1));
        await using ISnapshotSource source = await store.OpenAsync(meta.Id);
        await TestSnapshots.ReadAsync(source);

        Assert.That((await source.ReadAsync(new byte[1]), await source.ReadAsync(new byte[10])), Is.EqualTo((0, 0)));
    }
}
