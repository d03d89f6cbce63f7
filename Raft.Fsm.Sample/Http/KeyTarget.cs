using System.Text;
using System.Text.Unicode;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Http;

/// <summary>Keys in request targets.</summary>
internal static class KeyTarget
{
    /// <summary>What stands before a key.</summary>
    public const string Prefix = "/kv/";

    private const string SwapSuffix = "/cas";

    /// <summary>The key that a path names.</summary>
    /// <param name="path">The undecoded path, which begins with <see cref="Prefix"/>.</param>
    /// <param name="isPost">Whether a trailing <c>/cas</c> is the request's and not the key's.</param>
    /// <exception cref="ApiException">It is no key; or a POST to something else than <c>/cas</c>.</exception>
    public static string Read(string path, bool isPost)
    {
        ReadOnlySpan<char> text = path.AsSpan(Prefix.Length);
        if (isPost)
        {
            if (!text.EndsWith(SwapSuffix))
            {
                throw ApiException.BadMethod("POST", "PUT, GET, DELETE");
            }

            text = text[..^SwapSuffix.Length];
        }

        byte[] bytes = RequestTarget.PercentDecode(text)
            ?? throw ApiException.BadRequest("the key has a % that is not followed by two hexadecimal digits");
        return Check(bytes);
    }

    /// <summary>Refuses what is no key.</summary>
    /// <exception cref="ApiException">It is none.</exception>
    public static string Check(byte[] bytes)
    {
        if (bytes.Length is 0 or > KvLimits.KeyBytesMax)
        {
            throw ApiException.BadRequest($"a key has 1 to {KvLimits.KeyBytesMax} bytes; this one has {bytes.Length}");
        }

        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw ApiException.BadRequest("a key is UTF-8");
    }
}
