using Raft.Testing.Contracts;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class InMemoryTransportContractTests : TransportContract
{
    private InMemoryNetwork _network = null!;
    private int _count;

    protected override ServerAddress NobodysAddress => "nobody";

    [SetUp]
    public void CreateNetwork() => _network = new InMemoryNetwork(TimeProvider.System);

    protected override ValueTask<ITransport> CreateAsync(TimeSpan timeout) =>
        ValueTask.FromResult<ITransport>(_network.CreateTransport($"server-{++_count}", timeout));
}
