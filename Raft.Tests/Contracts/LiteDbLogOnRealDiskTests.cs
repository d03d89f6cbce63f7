using Raft.Stores.LiteDb;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class LiteDbLogOnRealDiskTests : LogStoreContract
{
    // Few enough that the runs cross many checkpoints.
    private static readonly LiteDbOptions Options = new() { CheckpointPages = 50, CacheBytes = 20_000 };

    private TemporaryDirectory? _directory;
    private LiteDbStore? _store;

    [SetUp]
    public void RequireLiteDb() => LiteDbRequired.OrSkip();

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
        _store = await LiteDbStore.OpenAsync(_directory.Path, options: Options);
        return _store.Log;
    }

    protected override async ValueTask<ILogStore> ReopenAsync(ILogStore store)
    {
        await _store!.DisposeAsync();
        _store = await LiteDbStore.OpenAsync(_directory!.Path, options: Options);
        return _store.Log;
    }
}
