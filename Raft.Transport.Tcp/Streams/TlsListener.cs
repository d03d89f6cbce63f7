using System.Net;

namespace Raft.Transport.Tcp;

/// <summary>Takes incoming connections, each of which shakes hands when it is used first. Owned by the acceptor.</summary>
internal sealed class TlsListener(IStreamListener inner, TlsOptions options, CredentialSource source) : IStreamListener
{
    public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

    public async ValueTask<IStreamConnection> AcceptAsync() =>
        new TlsConnection(await inner.AcceptAsync().ConfigureAwait(false), options, source, target: null);

    public void Dispose() => inner.Dispose();
}
