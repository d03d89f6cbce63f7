using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>All that a node relies on, behind mutual TLS.</summary>
[TestFixture]
[Reference("d03", Test = nameof(An_append_arrives_with_all_its_fields_and_entries_and_its_answer_comes_back))]
public sealed class TlsTransportContractTests : TransportContract, IDisposable
{
    private readonly TestAuthority _authority = new();

    // Nothing listens on the discard port of the loopback.
    protected override ServerAddress NobodysAddress => "127.0.0.1:9";

    protected override bool MayLoseWhatWasSent => true;

    public void Dispose() => _authority.Dispose();

    // The servers of the suite go by these names; a transport may be any of them.
    protected override async ValueTask<ITransport> CreateAsync(TimeSpan timeout) => await TcpTransport.ListenAsync(
        new TcpTransportOptions
        {
            Timeout = timeout,
            StreamLayer = await _authority.LayerAsync("asker", "answerer", "late", "nobody"),
        });
}
