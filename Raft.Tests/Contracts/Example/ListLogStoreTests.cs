using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts.Example;

[Reference("a45", Test = nameof(What_was_appended_is_read_back_byte_for_byte))]
// docs begin
[TestFixture]
public sealed class ListLogStoreTests : LogStoreContract
{
    protected override ValueTask<ILogStore> CreateAsync() => new(new ListLogStore());
}
// docs end
