using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class InMemoryStableStoreTests : StableStoreContract
{
    protected override ValueTask<IStableStore> CreateAsync() => new(new InMemoryStableStore());
}
