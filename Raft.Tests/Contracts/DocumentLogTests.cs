using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Writing;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

/// <summary>The log in documents, without the database that keeps them.</summary>
[TestFixture]
public sealed class DocumentLogTests : LogStoreContract
{
    private MemoryDocuments _documents = new();
    private StoreThread? _thread;

    [TearDown]
    public async Task StopAsync() => await (_thread?.StopAsync() ?? Task.CompletedTask);

    protected override async ValueTask<ILogStore> CreateAsync()
    {
        _documents = new MemoryDocuments();
        return await OpenAsync();
    }

    protected override async ValueTask<ILogStore> ReopenAsync(ILogStore store) => await OpenAsync();

    private async Task<ILogStore> OpenAsync()
    {
        await StopAsync();
        _thread = _documents.Start();
        await _thread.Opened;
        return new LiteDbLogStore(_thread);
    }
}
