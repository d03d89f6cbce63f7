using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("H12", Test = nameof(One_snapshot_is_read_twice_at_once))]
public sealed class InMemorySnapshotStoreTests : SnapshotStoreContract
{
    protected override int Retained => 1;

    protected override ValueTask<ISnapshotStore> CreateAsync() => new(new InMemorySnapshotStore());
}
