using System.Security.Cryptography.X509Certificates;

namespace Raft.Transport.Tcp;

/// <summary>What a server proves itself with, and whom it believes. Not changed, nor disposed, once a layer has seen it.</summary>
public sealed class TlsCredentials
{
    /// <summary>The server's certificate, with its private key.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>What leads from it to an authority, and is sent along with it.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    /// <summary>
    /// The authorities: certificates that issued themselves. Others that stand here only help to find the way to one of them.
    /// </summary>
    public required X509Certificate2Collection Authorities { get; init; }
}
