using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts;

// What it is given it does not keep: so it is held to how a node writes, not to how it reads.
[TestFixture]
public sealed class DiscardSnapshotStoreTests : SnapshotSinkContract
{
    protected override ValueTask<ISnapshotStore> CreateAsync() => new(new DiscardSnapshotStore());

    [Test]
    public async Task What_was_committed_is_not_kept()
    {
        var store = new DiscardSnapshotStore();
        ISnapshotSink sink = await store.CreateAsync(new SnapshotPoint(10, 2, new ClusterConfiguration(new Server("n1", "a:1")), 1));
        SnapshotMeta meta = await sink.CommitAsync();

        Assert.That(await store.ListAsync(), Is.Empty);
        Assert.That(async () => await store.OpenAsync(meta.Id), Throws.InstanceOf<StoreException>());
    }
}
