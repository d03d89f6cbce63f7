using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("e01", Test = nameof(The_record_last_saved_is_loaded))]
[Reference("e03", Test = nameof(A_new_store_has_no_term_and_vote))]
[Reference("e03", Test = nameof(Values_are_kept_by_key_and_leave_the_record_alone))]
public sealed class WalStableAfterPowerCutTests : StableStoreContract
{
    private static readonly WalOptions Options = new() { SegmentBytes = 8192, NextSalt = new Salts(seed: 1).Next };

    private FaultDisk _disk = new();

    protected override async ValueTask<IStableStore> CreateAsync()
    {
        _disk = new FaultDisk();
        return (await WalStore.OpenAsync("/data", _disk, Options)).Stable;
    }

    // What was promised was synced: so what a power cut leaves is all that the store may need.
    protected override async ValueTask<IStableStore> ReopenAsync(IStableStore store)
    {
        _disk = _disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        return (await WalStore.OpenAsync("/data", _disk, Options)).Stable;
    }
}
