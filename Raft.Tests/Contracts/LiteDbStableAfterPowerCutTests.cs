using Raft.Stores.LiteDb;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class LiteDbStableAfterPowerCutTests : StableStoreContract
{
    private static readonly LiteDbOptions Options = new() { CheckpointPages = 50, NextSalt = new Salts(seed: 1).Next };

    private FaultDisk _disk = new();
    private LiteDbStore? _store;

    [SetUp]
    public void RequireLiteDb() => LiteDbRequired.OrSkip();

    [TearDown]
    public async Task CloseAsync() => await (_store?.DisposeAsync() ?? ValueTask.CompletedTask);

    protected override ValueTask<IStableStore> CreateAsync() => OpenAsync(new FaultDisk());

    // What was promised was synced: so what a power cut leaves is all that the store may need.
    protected override async ValueTask<IStableStore> ReopenAsync(IStableStore store)
    {
        FaultDisk left = _disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        await CloseAsync();
        return await OpenAsync(left);
    }

    private async ValueTask<IStableStore> OpenAsync(FaultDisk disk)
    {
        _disk = disk;
        _store = await LiteDbStore.OpenAsync("/data", disk, Options);
        return _store.Stable;
    }
}
