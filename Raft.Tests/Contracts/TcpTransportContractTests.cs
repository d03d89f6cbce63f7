using Raft.Testing.Contracts;
using Raft.Transport.Tcp;

namespace Raft.Tests.Contracts;

[TestFixture]
public sealed class TcpTransportContractTests : TransportContract
{
    // Nothing listens on the discard port of the loopback.
    protected override ServerAddress NobodysAddress => "127.0.0.1:9";

    protected override async ValueTask<ITransport> CreateAsync(TimeSpan timeout) =>
        await TcpTransport.ListenAsync(new TcpTransportOptions { Timeout = timeout });
}
