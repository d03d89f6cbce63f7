using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class FileSnapshotsOnRealDiskTests : SnapshotStoreContract
{
    private static readonly FileSnapshotOptions Options = new() { Retain = 3, BufferBytes = 64 << 10 };

    private TemporaryDirectory? _directory;

    protected override int Retained => 3;

    [TearDown]
    public void CleanUp() => _directory?.Dispose();

    protected override async ValueTask<ISnapshotStore> CreateAsync()
    {
        _directory = new TemporaryDirectory();
        return await FileSnapshotStore.OpenAsync(_directory.Path, options: Options);
    }

    protected override async ValueTask<ISnapshotStore> ReopenAsync(ISnapshotStore store) =>
        await FileSnapshotStore.OpenAsync(_directory!.Path, options: Options);
}
