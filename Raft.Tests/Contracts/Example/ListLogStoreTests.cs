using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts.Example;

// docs begin
[TestFixture]
public sealed class ListLogStoreTests : LogStoreContract
{
    protected override ValueTask<ILogStore> CreateAsync() => new(new ListLogStore());
}
// docs end
