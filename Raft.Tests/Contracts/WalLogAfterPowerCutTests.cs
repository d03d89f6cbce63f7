using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("e01", Test = nameof(What_was_appended_is_read_back_byte_for_byte))]
public sealed class WalLogAfterPowerCutTests : LogStoreContract
{
    private static readonly WalOptions Options = new() { SegmentBytes = 8192, NextSalt = new Salts(seed: 1).Next };

    private FaultDisk _disk = new();

    protected override async ValueTask<ILogStore> CreateAsync()
    {
        _disk = new FaultDisk();
        return (await WalStore.OpenAsync("/data", _disk, Options)).Log;
    }

    // What was promised was synced: so what a power cut leaves is all that the store may need.
    protected override async ValueTask<ILogStore> ReopenAsync(ILogStore store)
    {
        _disk = _disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        return (await WalStore.OpenAsync("/data", _disk, Options)).Log;
    }
}
