using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class FileSnapshotsAfterPowerCutTests : SnapshotStoreContract
{
    private FaultDisk _disk = new();

    protected override int Retained => FileSnapshotOptions.DefaultRetain;

    protected override async ValueTask<ISnapshotStore> CreateAsync()
    {
        _disk = new FaultDisk();
        return await FileSnapshotStore.OpenAsync("/data", _disk);
    }

    // What was promised was synced: so what a power cut leaves is all that the store may need.
    protected override async ValueTask<ISnapshotStore> ReopenAsync(ISnapshotStore store)
    {
        _disk = _disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        return await FileSnapshotStore.OpenAsync("/data", _disk);
    }
}
