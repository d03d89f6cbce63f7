using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("H11", Test = nameof(Nothing_is_visible_before_commit))]
[Reference("H11", Test = nameof(What_is_known_of_a_snapshot_is_told_alike_by_commit_list_and_source))]
[Reference("H11", Test = nameof(What_was_written_is_read_back_byte_for_byte))]
[Reference("H11", Test = nameof(A_snapshot_that_is_disposed_without_a_commit_leaves_nothing))]
[Reference("H11", Test = nameof(The_newest_snapshots_are_kept_and_listed_by_term_then_index))]
public sealed class FileSnapshotsOnRealDiskTests : SnapshotStoreContract
{
    private static readonly FileSnapshotOptions Options = new() { Retain = 3, BufferBytes = 64 << 10 };

    private TemporaryDirectory? _directory;

    protected override int Retained => 3;

    [TearDown]
    public void CleanUp()
    {
        _directory?.Dispose();
        _directory = null;
    }

    [Test]
    [Reference("H11")]
    public async Task A_directory_is_made_with_those_above_it_and_one_that_cannot_be_made_is_refused()
    {
        _directory = new TemporaryDirectory();
        string deep = Path.Combine(_directory.Path, "a", "b", "c");
        string file = _directory.File("file");
        await File.WriteAllTextAsync(file, "no directory");

        FileSnapshotStore store = await FileSnapshotStore.OpenAsync(deep);
        await using (ISnapshotSink sink = await store.CreateAsync(new SnapshotPoint(9, 2, new ClusterConfiguration(new Server("n1", "n1:1")), 1)))
        {
            await sink.CommitAsync();
        }

        Assert.That(await store.ListAsync(), Has.Count.EqualTo(1));
        Assert.That(Directory.Exists(deep), Is.True);
        Assert.That(
            async () => await FileSnapshotStore.OpenAsync(Path.Combine(file, "below")), Throws.TypeOf<StoreException>());
    }

    protected override async ValueTask<ISnapshotStore> CreateAsync()
    {
        _directory = new TemporaryDirectory();
        return await FileSnapshotStore.OpenAsync(_directory.Path, options: Options);
    }

    protected override async ValueTask<ISnapshotStore> ReopenAsync(ISnapshotStore store) =>
        await FileSnapshotStore.OpenAsync(_directory!.Path, options: Options);
}
