using System.Text;
using System.Text.Json;

namespace Raft.Tests.Golden;

/// <summary>Bytes that a real hashicorp/raft wrote or took, with what they mean.</summary>
public sealed record GoldenVector(
    string Name, string Version, string Direction, int? RpcTypeByte, byte[] Bytes, JsonElement Decoded, string Source,
    byte[] Body)
{
    private static readonly Lazy<IReadOnlyList<GoldenVector>> Loaded = new(Load);

    public static IReadOnlyList<GoldenVector> All => Loaded.Value;

    public static IEnumerable<GoldenVector> Requests => All.Where(v => v.IsMessage && v.Direction == "request");

    public static IEnumerable<GoldenVector> Responses => All.Where(v => v.IsMessage && v.Direction == "response");

    /// <summary>Whether it is a request or answer of an RPC that exists, and not empty.</summary>
    public bool IsMessage => RpcTypeByte is >= 0 and <= 4 && Bytes.Length > 0;

    /// <summary>Whether Go's own encoder made the bytes.</summary>
    public bool IsGoEncoded => Source is "transport" or "live cluster" or "live node" or "EncodeConfiguration";

    public bool IsGo11 => Version == "1.1.2";

    public bool IsNewTimeFormat => Name.Contains("new_time_format", StringComparison.Ordinal);

    /// <summary>The messages: more than one where they were pipelined.</summary>
    public IEnumerable<JsonElement> Messages =>
        Decoded.ValueKind == JsonValueKind.Array ? Decoded.EnumerateArray() : [Decoded];

    public override string ToString() => $"{Name} ({Version})";

    /// <summary>The bytes that a field of the decoded form stands for; null for nil.</summary>
    public static byte[]? BytesOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        string text = value.GetString()!;
        if (text.StartsWith("hex:", StringComparison.Ordinal))
        {
            return Convert.FromHexString(text.AsSpan(4));
        }

        Assert.That(text, Does.StartWith("alphabet:"));
        byte[] bytes = new byte[int.Parse(text.AsSpan(9))];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)('a' + (i % 26));
        }

        return bytes;
    }

    private static List<GoldenVector> Load()
    {
        using Stream stream = typeof(GoldenVector).Assembly.GetManifestResourceStream("Raft.Tests.Golden.vectors.json")!;
        var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateArray().Select(Parse)];
    }

    private static GoldenVector Parse(JsonElement e) => new(
        e.GetProperty("name").GetString()!,
        e.GetProperty("version").GetString()!,
        e.GetProperty("direction").GetString()!,
        e.GetProperty("rpcTypeByte") is { ValueKind: JsonValueKind.Number } type ? type.GetInt32() : null,
        Convert.FromHexString(e.GetProperty("hex").GetString()!),
        e.GetProperty("decoded"),
        e.GetProperty("source").GetString()!,
        e.TryGetProperty("bodyHex", out JsonElement body) ? Convert.FromHexString(body.GetString()!) : []);

    public static string? TextOf(JsonElement value) => BytesOf(value) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
}
