using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Transport.Tcp;

/// <summary>Which servers a certificate names, by its subject alternative names alone (RFC 5280, 4.2.1.6).</summary>
/// <remarks>
/// A DNS name is the id as it stands, in the same case; one with an asterisk names nobody, as it would name many. A URI
/// <c>raft:ID</c> names what no DNS name can: its text behind the colon, with percent-encoding resolved (RFC 3986, 2.1), is the id. The
/// common name, addresses and other forms name nobody.
/// </remarks>
internal static class CertificateNames
{
    private const string AlternativeNames = "2.5.29.17";
    private const string UriPrefix = "raft:";

    private static readonly Asn1Tag DnsTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The servers that it names; none where its names cannot be read.</summary>
    public static IReadOnlyList<ServerId> Of(X509Certificate2 certificate)
    {
        var ids = new List<ServerId>();
        foreach (X509Extension extension in certificate.Extensions.Where(static e => e.Oid?.Value == AlternativeNames))
        {
            try
            {
                Read(extension.RawData, ids);
            }
            catch (AsnContentException)
            {
                // An authority that is believed does not issue such; if it does, this server has no name.
                return [];
            }
        }

        return ids;
    }

    /// <summary>The ids for a log line.</summary>
    public static string Text(IReadOnlyCollection<ServerId> ids) =>
        ids.Count == 0 ? "no server" : StreamFailure.Printable(string.Join(", ", ids));

    private static void Read(byte[] extension, List<ServerId> ids)
    {
        AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            Asn1Tag tag = names.PeekTag();
            if (tag.HasSameClassAndValue(DnsTag))
            {
                Add(ids, names.ReadCharacterString(UniversalTagNumber.IA5String, DnsTag));
            }
            else if (tag.HasSameClassAndValue(UriTag))
            {
                string uri = names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag);
                if (uri.StartsWith(UriPrefix, StringComparison.OrdinalIgnoreCase))
                {
                    ids.Add(Uri.UnescapeDataString(uri[UriPrefix.Length..]));
                }
            }
            else
            {
                names.ReadEncodedValue();
            }
        }
    }

    private static void Add(List<ServerId> ids, string name)
    {
        if (!name.Contains('*', StringComparison.Ordinal))
        {
            ids.Add(name);
        }
    }
}
