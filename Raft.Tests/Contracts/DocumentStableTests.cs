using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Writing;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

/// <summary>Term, vote and values in documents, without the database that keeps them.</summary>
[TestFixture]
public sealed class DocumentStableTests : StableStoreContract
{
    private MemoryDocuments _documents = new();
    private StoreThread? _thread;

    [TearDown]
    public async Task StopAsync() => await (_thread?.StopAsync() ?? Task.CompletedTask);

    protected override async ValueTask<IStableStore> CreateAsync()
    {
        _documents = new MemoryDocuments();
        return await OpenAsync();
    }

    protected override async ValueTask<IStableStore> ReopenAsync(IStableStore store) => await OpenAsync();

    private async Task<IStableStore> OpenAsync()
    {
        await StopAsync();
        _thread = _documents.Start();
        StoreContent found = await _thread.Opened;
        return new LiteDbStableStore(_thread, found.TermAndVote, found.Values);
    }
}
