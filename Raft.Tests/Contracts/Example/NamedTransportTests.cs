using System.Collections.Concurrent;
using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Contracts.Example;

[Reference("a45", Test = nameof(An_append_arrives_with_all_its_fields_and_entries_and_its_answer_comes_back))]
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
