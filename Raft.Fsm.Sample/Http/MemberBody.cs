using System.Globalization;
using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// The bodies that name servers. A member with another name is refused: a transfer to nobody in particular must not
/// come of a misspelled <c>id</c>.
/// </summary>
internal static class MemberBody
{
    /// <summary>The most bytes that such a body may have: two texts of <see cref="ServerId.BytesMax"/>, escaped.</summary>
    public const int BytesMax = 16 << 10;

    /// <summary>Reads <c>{"id","address","suffrage"}</c>.</summary>
    /// <exception cref="ApiException">It is not of that form.</exception>
    public static Server ReadServer(ReadOnlyMemory<byte> body)
    {
        Dictionary<string, string> members = Members(body, "id", "address", "suffrage");
        return new Server(Id(Required(members, "id")), Address(Required(members, "address")), Required(members, "suffrage") switch
        {
            "Voter" => ServerSuffrage.Voter,
            "Nonvoter" => ServerSuffrage.Nonvoter,
            string other => throw ApiException.BadRequest($"suffrage is '{other}'; give Voter or Nonvoter"),
        });
    }

    /// <summary>Reads <c>{"address"}</c>.</summary>
    /// <exception cref="ApiException">It is not of that form.</exception>
    public static ServerAddress ReadAddress(ReadOnlyMemory<byte> body) => Address(Required(Members(body, "address"), "address"));

    /// <summary>Reads <c>{"id"}</c>, all of it optional.</summary>
    /// <returns>The id; an empty one where none is given.</returns>
    /// <exception cref="ApiException">It is not of that form.</exception>
    public static ServerId ReadTarget(ReadOnlyMemory<byte> body) =>
        body.Length > 0 && Members(body, "id").TryGetValue("id", out string? id) ? Id(id) : default;

    /// <summary>Reads an id out of a request target, percent-decoded once.</summary>
    /// <exception cref="ApiException">It is no id.</exception>
    public static ServerId ReadId(string raw)
    {
        byte[] bytes = RequestTarget.PercentDecode(raw)
            ?? throw ApiException.BadRequest("the id has a % that is not followed by two hexadecimal digits");
        return System.Text.Unicode.Utf8.IsValid(bytes)
            ? Id(Encoding.UTF8.GetString(bytes))
            : throw ApiException.BadRequest("an id is UTF-8");
    }

    /// <summary>Reads for how many milliseconds a server must not have answered.</summary>
    /// <returns>That time; null where it may have.</returns>
    /// <exception cref="ApiException">It is no such number.</exception>
    public static TimeSpan? ReadSilence(string? text) => text is null ? null
        : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint milliseconds) ? TimeSpan.FromMilliseconds(milliseconds)
        : throw ApiException.BadRequest($"silentMs is '{text}'; give a number of milliseconds");

    private static ServerId Id(string text) => text.Length > 0 && Encoding.UTF8.GetByteCount(text) <= ServerId.BytesMax
        ? text
        : throw ApiException.BadRequest($"an id has 1 to {ServerId.BytesMax} bytes");

    private static ServerAddress Address(string text) =>
        HostPort.TryParse(text, out HostPort? address) && address is { Port: > 0, IsWildcard: false }
            ? text
            : throw ApiException.BadRequest($"address is '{text}'; give HOST:PORT, as others reach it");

    private static string Required(Dictionary<string, string> members, string name) =>
        members.TryGetValue(name, out string? text)
            ? text
            : throw ApiException.BadRequest($"the body has no {name}");

    private static Dictionary<string, string> Members(ReadOnlyMemory<byte> body, params string[] known)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            var members = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (!known.Contains(member.Name) || member.Value.ValueKind != JsonValueKind.String)
                {
                    throw new JsonException($"{member.Name} is not known, or is no text");
                }

                if (!members.TryAdd(member.Name, member.Value.GetString()!))
                {
                    throw new JsonException($"{member.Name} stands twice");
                }
            }

            return members;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw ApiException.BadRequest(
                $"the body is no JSON object with {string.Join(", ", known)} as texts: {failure.Message}");
        }
    }
}
