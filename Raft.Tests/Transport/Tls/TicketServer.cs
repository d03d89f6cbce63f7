using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Tests.Transport.Tls;

/// <summary>One connection of a server that hands out session tickets, as servers do that let their clients resume.</summary>
internal sealed class TicketServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task<(Socket Socket, SslStream Ssl)> _accepting;

    public TicketServer(X509Certificate2 certificate)
    {
        _listener.Start();
        _accepting = Task.Run(() => AcceptAsync(certificate));
    }

    /// <summary>Where it is.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    public async Task ReceiveAsync(int count) => await (await _accepting).Ssl.ReadExactlyAsync(new byte[count]);

    public async Task SendAsync(byte[] bytes) => await (await _accepting).Ssl.WriteAsync(bytes);

    /// <summary>Ends the connection in a way, or sends what nobody asked for.</summary>
    public async Task EndAsync(string what)
    {
        (Socket socket, SslStream ssl) = await _accepting;
        if (what == "bytes")
        {
            await ssl.WriteAsync(new byte[3]);
            return;
        }

        if (what == "an end in good order")
        {
            await ssl.ShutdownAsync();
        }

        socket.Close();
    }

    public void Dispose()
    {
        _listener.Dispose();
        if (_accepting.IsCompletedSuccessfully)
        {
            _accepting.Result.Ssl.Dispose();
            _accepting.Result.Socket.Dispose();
        }
    }

    private async Task<(Socket Socket, SslStream Ssl)> AcceptAsync(X509Certificate2 certificate)
    {
        Socket socket = await _listener.AcceptSocketAsync();
        var ssl = new SslStream(new NetworkStream(socket, ownsSocket: false));
        await ssl.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            AllowTlsResume = true,
        });
        return (socket, ssl);
    }
}
