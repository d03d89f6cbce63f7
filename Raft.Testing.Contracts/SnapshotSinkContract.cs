using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>
/// What a node relies on where it writes a snapshot, also to a store that keeps none of them. A part of
/// <see cref="SnapshotStoreContract"/>, which is what to derive from for a store that does.
/// </summary>
public abstract class SnapshotSinkContract
{
    /// <summary>Makes an empty store.</summary>
    /// <returns>The store.</returns>
    protected abstract ValueTask<ISnapshotStore> CreateAsync();

    /// <summary>Closes a store, or lets its process crash, and opens it again. One that forgets returns what it is given.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The store as it is after a restart.</returns>
    protected virtual ValueTask<ISnapshotStore> ReopenAsync(ISnapshotStore store) => new(store);

    /// <summary>No snapshot is none of size 0.</summary>
    [Test]
    public async Task A_new_store_has_no_snapshots()
    {
        ISnapshotStore store = await ReopenAsync(await CreateAsync());

        Assert.That(await store.ListAsync(), Is.Empty);
        Assert.That(async () => await store.OpenAsync("2-10-1"), Throws.InstanceOf<StoreException>());
    }

    /// <summary>Half a snapshot is none.</summary>
    [Test]
    public async Task What_is_not_committed_is_neither_listed_nor_opened()
    {
        ISnapshotStore store = await CreateAsync();
        await using ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 10));
        await sink.WriteAsync(TestSnapshots.Content(100_000, seed: 1));

        Assert.That(await store.ListAsync(), Is.Empty);
        Assert.That(async () => await store.OpenAsync(sink.Id), Throws.InstanceOf<StoreException>());
    }

    /// <summary>The log is cut by what a commit tells.</summary>
    /// <param name="size">How many bytes, in all.</param>
    [TestCase(0)]
    [TestCase(100_001)]
    public async Task A_commit_tells_the_point_and_the_size_that_were_written(int size)
    {
        ISnapshotStore store = await CreateAsync();
        SnapshotPoint point = TestSnapshots.Point(7, ulong.MaxValue - 1);
        await using ISnapshotSink sink = await store.CreateAsync(point);
        for (int written = 0; written < size; written += 33_333)
        {
            await sink.WriteAsync(TestSnapshots.Content(Math.Min(33_333, size - written), seed: written));
        }

        SnapshotMeta meta = await sink.CommitAsync();

        Assert.That(
            (meta.Id, meta.Point, meta.Size, meta.Version),
            Is.EqualTo((sink.Id, point, (long)size, SnapshotMeta.VersionWritten)));
    }

    /// <summary>A node disposes each sink, whatever became of it, and where it stops in the middle perhaps twice.</summary>
    /// <param name="isCommitted">Whether the snapshot was complete.</param>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_sink_is_disposed_as_often_as_anyone_likes(bool isCommitted)
    {
        ISnapshotStore store = await CreateAsync();
        ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 10));
        await sink.WriteAsync(TestSnapshots.Content(1000, seed: 1));
        if (isCommitted)
        {
            await sink.CommitAsync();
        }

        await sink.DisposeAsync();

        Assert.That(async () => await sink.DisposeAsync(), Throws.Nothing);
    }

    /// <summary>Bytes are handed over by a writer that fills its buffer again at once.</summary>
    [Test]
    public async Task Two_snapshots_are_written_side_by_side_from_one_buffer()
    {
        ISnapshotStore store = await CreateAsync();
        byte[] buffer = new byte[10_000];
        await using ISnapshotSink first = await store.CreateAsync(TestSnapshots.Point(2, 10));
        await using ISnapshotSink second = await store.CreateAsync(TestSnapshots.Point(2, 11));

        for (int i = 0; i < 5; i++)
        {
            await first.WriteAsync(buffer);
            await second.WriteAsync(buffer.AsMemory(0, 5_000));
        }

        Assert.That(((await first.CommitAsync()).Size, (await second.CommitAsync()).Size), Is.EqualTo((50_000, 25_000)));
    }
}
