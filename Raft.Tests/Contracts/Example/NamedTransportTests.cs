using System.Collections.Concurrent;
using Raft.Testing.Contracts;
using Raft.Transport.Tcp;

namespace Raft.Tests.Contracts.Example;

// docs begin
[TestFixture]
public sealed class NamedTransportTests : TransportContract
{
    private readonly ConcurrentDictionary<string, string> _directory = new();
    private int _count;

    protected override ServerAddress NobodysAddress => "nobody:1";

    // All transports of one test reach each other; the suite disposes them.
    protected override async ValueTask<ITransport> CreateAsync(TimeSpan timeout)
    {
        string name = $"server-{++_count}:7000";
        return await TcpTransport.ListenAsync(new TcpTransportOptions
        {
            AdvertiseAddress = name,
            Timeout = timeout,
            StreamLayer = new NamedStreamLayer(name, _directory),
        });
    }
}
// docs end
