using System.Collections.Concurrent;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts.Example;

[Reference("a45", Test = nameof(The_record_last_saved_is_loaded))]
// docs begin
[TestFixture]
public sealed class TableStableStoreTests : StableStoreContract
{
    private ConcurrentDictionary<string, object> _table = new();

    // A new table for each test.
    protected override ValueTask<IStableStore> CreateAsync()
    {
        _table = new ConcurrentDictionary<string, object>();
        return new(new TableStableStore(_table));
    }

    // As after a restart: nothing is left of the store but what it wrote.
    protected override ValueTask<IStableStore> ReopenAsync(IStableStore store) => new(new TableStableStore(_table));
}
// docs end
