using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

// docs begin
[TestFixture]
public sealed class WalLogOnRealDiskTests : LogStoreContract
{
    // Small enough that the runs cross many segments.
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

    protected override async ValueTask<ILogStore> CreateAsync()
    {
        _directory = new TemporaryDirectory();
        _store = await WalStore.OpenAsync(_directory.Path, options: Options);
        return _store.Log;
    }

    protected override async ValueTask<ILogStore> ReopenAsync(ILogStore store)
    {
        await _store!.DisposeAsync();
        _store = await WalStore.OpenAsync(_directory!.Path, options: Options);
        return _store.Log;
    }
}
// docs end
