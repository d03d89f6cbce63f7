using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class WalStableOnRealDiskTests : StableStoreContract
{
    private static readonly WalOptions Options = new() { SegmentBytes = 16 << 10 };

    private TemporaryDirectory? _directory;
    private WalStore? _store;

    [TearDown]
    public async Task CloseAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _store = null;
        _directory?.Dispose();
    }

    protected override async ValueTask<IStableStore> CreateAsync()
    {
        _directory = new TemporaryDirectory();
        _store = await WalStore.OpenAsync(_directory.Path, options: Options);
        return _store.Stable;
    }

    protected override async ValueTask<IStableStore> ReopenAsync(IStableStore store)
    {
        await _store!.DisposeAsync();
        _store = await WalStore.OpenAsync(_directory!.Path, options: Options);
        return _store.Stable;
    }
}
