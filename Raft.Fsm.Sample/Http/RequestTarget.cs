using System.Text;
using System.Text.Unicode;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// What stands in the request line, as the client wrote it. Servers decode paths and resolve their dot segments; here
/// <c>.</c> and <c>%2F</c> belong to keys.
/// </summary>
/// <param name="Path">The path, undecoded.</param>
/// <param name="Query">What stands behind the question mark, undecoded.</param>
internal sealed record RequestTarget(string Path, string Query)
{
    /// <summary>Reads a raw request target: an origin (<c>/kv/a?b</c>) or an absolute one (<c>http://host/kv/a?b</c>).</summary>
    public static RequestTarget Parse(string raw)
    {
        if (!raw.StartsWith('/'))
        {
            int authority = raw.IndexOf("://", StringComparison.Ordinal);
            int path = authority < 0 ? -1 : raw.IndexOfAny(['/', '?'], authority + 3);
            raw = path < 0 ? "/" : raw[path] == '/' ? raw[path..] : "/" + raw[path..];
        }

        int question = raw.IndexOf('?');
        return question < 0
            ? new RequestTarget(raw, string.Empty)
            : new RequestTarget(raw[..question], raw[(question + 1)..]);
    }

    /// <summary>The value of a query parameter, decoded once; null where it is absent.</summary>
    /// <exception cref="ApiException">It is no UTF-8.</exception>
    public string? Parameter(string name)
    {
        foreach (string part in Query.Split('&'))
        {
            int equals = part.IndexOf('=');
            string key = equals < 0 ? part : part[..equals];
            if (key == name)
            {
                return DecodeText(equals < 0 ? string.Empty : part[(equals + 1)..], name);
            }
        }

        return null;
    }

    /// <summary>Percent-decodes once.</summary>
    /// <returns>The bytes; null where an escape is broken.</returns>
    public static byte[]? PercentDecode(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int count = 0;
        while (text.Length > 0)
        {
            int literal = text.IndexOf('%');
            literal = literal < 0 ? text.Length : literal;
            count += Encoding.UTF8.GetBytes(text[..literal], bytes.AsSpan(count));
            text = text[literal..];
            if (text.Length == 0)
            {
                break;
            }

            if (text.Length < 3 || !char.IsAsciiHexDigit(text[1]) || !char.IsAsciiHexDigit(text[2]))
            {
                return null;
            }

            bytes[count++] = (byte)((Convert.ToInt32(text[1].ToString(), 16) << 4) | Convert.ToInt32(text[2].ToString(), 16));
            text = text[3..];
        }

        return bytes[..count];
    }

    private static string DecodeText(string text, string name)
    {
        // In a query, unlike in a path, a plus is a space.
        byte[]? bytes = PercentDecode(text.Replace('+', ' '));
        return bytes is not null && Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw ApiException.BadRequest($"the parameter {name} is no percent-encoded UTF-8");
    }
}
