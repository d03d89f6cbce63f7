using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Transport.Tcp;

/// <summary>Why a certificate is not believed, in words that an operator can act on.</summary>
internal static class CertificateVerdict
{
    private const X509ChainStatusFlags Unknown = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    /// <summary>What a certificate must be for, where it says what it is for.</summary>
    public static Oid Usage(bool isServer) =>
        isServer ? new Oid("1.3.6.1.5.5.7.3.1", "serverAuth") : new Oid("1.3.6.1.5.5.7.3.2", "clientAuth");

    /// <summary>What is wrong with the certificate of the other side of a handshake; null if nothing is.</summary>
    /// <param name="certificate">The certificate; null where none came.</param>
    /// <param name="chain">The way to an authority, as far as it was found.</param>
    /// <param name="errors">What the runtime found. That names differ counts for nothing: the caller compares them.</param>
    /// <param name="isServer">Whether the other side is the one that was dialled.</param>
    public static string? Objection(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, bool isServer)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it sent no certificate";
        }

        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None)
        {
            return null;
        }

        return chain is null ? $"its certificate is not believed ({errors})" : Objection(certificate, chain, isServer);
    }

    /// <summary>What is wrong with a chain that could not be built.</summary>
    public static string Objection(X509Certificate2 certificate, X509Chain chain, bool isServer)
    {
        X509ChainStatusFlags all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (flags, s) => flags | s.Status);
        string its = $"the certificate of '{StreamFailure.Printable(certificate.Subject)}'";
        if ((all & Unknown) != X509ChainStatusFlags.NoError)
        {
            return $"{its} comes from an unknown authority, '{StreamFailure.Printable(LastIssuer(certificate, chain))}'";
        }

        if (all.HasFlag(X509ChainStatusFlags.NotSignatureValid))
        {
            return $"{its} was not signed by the authority that it names, '{StreamFailure.Printable(certificate.Issuer)}'";
        }

        if (all.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return Outdated(certificate, chain);
        }

        return all.HasFlag(X509ChainStatusFlags.NotValidForUsage)
            ? $"{its} is not for this: its extended key usage lacks {Usage(isServer).FriendlyName}"
            : $"{its} is not believed: {string.Join(", ", chain.ChainStatus.Select(static s => s.Status))}";
    }

    private static string LastIssuer(X509Certificate2 certificate, X509Chain chain) =>
        chain.ChainElements.Count > 0 ? chain.ChainElements[^1].Certificate.Issuer : certificate.Issuer;

    private static string Outdated(X509Certificate2 certificate, X509Chain chain)
    {
        X509Certificate2 outdated = chain.ChainElements
            .FirstOrDefault(static e => e.ChainElementStatus.Any(static s => s.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)))
            ?.Certificate ?? certificate;
        bool isOver = outdated.NotAfter.ToUniversalTime() < TimeProvider.System.GetUtcNow().UtcDateTime;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the certificate of '{StreamFailure.Printable(outdated.Subject)}' {(isOver ? "expired on" : "is not valid before")} {(isOver ? outdated.NotAfter : outdated.NotBefore).ToUniversalTime():u}");
    }
}
