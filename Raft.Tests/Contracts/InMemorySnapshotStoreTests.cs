using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class InMemorySnapshotStoreTests : SnapshotStoreContract
{
    protected override int Retained => 1;

    protected override ValueTask<ISnapshotStore> CreateAsync() => new(new InMemorySnapshotStore());
}
