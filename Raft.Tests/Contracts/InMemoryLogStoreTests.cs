using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class InMemoryLogStoreTests : LogStoreContract
{
    protected override ValueTask<ILogStore> CreateAsync() => new(new InMemoryLogStore());
}
