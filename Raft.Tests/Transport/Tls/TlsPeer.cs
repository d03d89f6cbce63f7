using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Tests.Transport.Tls;

/// <summary>A client that believes whoever answers, and shows what certificate it likes, or none.</summary>
internal sealed class TlsPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _socket;
    private readonly SslStream _ssl;

    private TlsPeer(Socket connected)
    {
        _socket = connected;
        _ssl = new SslStream(new NetworkStream(connected, ownsSocket: false));
    }

    /// <summary>Where it called from.</summary>
    public string Name => _socket.LocalEndPoint!.ToString()!;

    /// <summary>The certificate of who answered.</summary>
    public string SerialNumber => ((X509Certificate2)_ssl.RemoteCertificate!).SerialNumber;

    /// <summary>The protocol that was agreed on.</summary>
    public SslProtocols Protocol => _ssl.SslProtocol;

    public static async Task<TlsPeer> ConnectAsync(
        ServerAddress address, X509Certificate2? certificate, SslProtocols protocols = SslProtocols.None,
        X509Certificate2Collection? issuers = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(address.ToString()));
        var peer = new TlsPeer(socket);
        await peer._ssl.AuthenticateAsClientAsync(Options(certificate, protocols, issuers)).WaitAsync(Patience);
        return peer;
    }

    /// <summary>The first bytes of a handshake.</summary>
    public static async Task<byte[]> HelloAsync()
    {
        var wire = new MemoryStream();
        using var ssl = new SslStream(wire);

        try
        {
            await ssl.AuthenticateAsClientAsync(Options(null, SslProtocols.None));
        }
        catch (IOException)
        {
            // Nothing answers, so it ends once it has said its first words.
        }

        return wire.ToArray();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _ssl.WriteAsync(bytes).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            // It was closed already: what is received next says so.
        }
    }

    public async Task<byte[]> ReceiveAsync(int count)
    {
        byte[] bytes = new byte[count];
        await _ssl.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }

    /// <summary>Waits until the other side has closed the connection without saying anything.</summary>
    public async Task ExpectEndAsync()
    {
        try
        {
            Assert.That(await _ssl.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience), Is.Zero);
        }
        catch (IOException)
        {
            // Closed with our bytes unread.
        }
    }

    public void Dispose()
    {
        _ssl.Dispose();
        _socket.Dispose();
    }

    private static SslClientAuthenticationOptions Options(
        X509Certificate2? certificate, SslProtocols protocols, X509Certificate2Collection? issuers = null)
    {
        return new SslClientAuthenticationOptions
        {
            TargetHost = "",
            EnabledSslProtocols = protocols,
            ClientCertificateContext =
                certificate is null ? null : SslStreamCertificateContext.Create(certificate, issuers, offline: true),
            RemoteCertificateValidationCallback = static (_, received, _, _) => received is not null,
        };
    }
}
