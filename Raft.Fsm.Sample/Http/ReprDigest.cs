using System.Buffers.Text;
using System.Security.Cryptography;

namespace Raft.Fsm.Sample.Http;

/// <summary>The header <c>Repr-Digest</c> (RFC 9530) with a SHA-256: what comes at the other end is what was sent.</summary>
internal static class ReprDigest
{
    /// <summary>The header's name.</summary>
    public const string Header = "Repr-Digest";

    private const string Algorithm = "sha-256";

    /// <summary>The header's value.</summary>
    public static string Format(ReadOnlySpan<byte> sha256) => $"{Algorithm}=:{Convert.ToBase64String(sha256)}:";

    /// <summary>Reads a header's value, which may hold digests by other algorithms beside.</summary>
    /// <param name="value">The value; null where the header is absent.</param>
    /// <param name="sha256">The digest; null where there is none by SHA-256.</param>
    /// <returns>Whether the value is of this form.</returns>
    public static bool TryParse(string? value, out byte[]? sha256)
    {
        sha256 = null;
        foreach (string member in (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = member.IndexOf('=');
            if (equals <= 0)
            {
                return false;
            }

            if (!member.AsSpan(0, equals).Equals(Algorithm, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            string bytes = member[(equals + 1)..];
            if (bytes.Length < 2 || bytes[0] != ':' || bytes[^1] != ':' || !Base64.IsValid(bytes.AsSpan(1, bytes.Length - 2)))
            {
                return false;
            }

            sha256 = Convert.FromBase64String(bytes[1..^1]);
            if (sha256.Length != SHA256.HashSizeInBytes)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The SHA-256 of a body that is written elsewhere, such as one that is written a second time.</summary>
    /// <param name="writeAsync">Writes it.</param>
    /// <returns>The digest.</returns>
    public static async Task<byte[]> OfAsync(Func<Stream, Task> writeAsync)
    {
        using var hash = SHA256.Create();
        await using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            await writeAsync(stream);
        }

        return hash.Hash!;
    }
}
