using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Http;

/// <summary>The body of a compare-and-swap: <c>{"expected":"a"|null,"value":"b"}</c>.</summary>
internal static class SwapBody
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a body.</summary>
    /// <returns>What is expected, null for "no value at all"; and the new value.</returns>
    /// <exception cref="ApiException">It is not of that form.</exception>
    public static (byte[]? Expected, byte[] Value) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or EncoderFallbackException)
        {
            throw ApiException.BadRequest($"the body is no JSON of the form {{\"expected\":\"a\" or null,\"value\":\"b\"}}: {failure.Message}");
        }
    }

    private static (byte[]? Expected, byte[] Value) Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("it is no object");
        }

        JsonElement? expected = null;
        JsonElement? value = null;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (member.NameEquals("expected"u8))
            {
                expected = Once(expected, member);
            }
            else if (member.NameEquals("value"u8))
            {
                value = Once(value, member);
            }
        }

        if (expected is not { } given || value is not { ValueKind: JsonValueKind.String } text)
        {
            throw new JsonException("both members are required, and the value is a string");
        }

        return (given.ValueKind == JsonValueKind.Null ? null : Bytes(given), Bytes(text));
    }

    private static JsonElement Once(JsonElement? before, JsonProperty member) => before is null
        ? member.Value
        : throw new JsonException($"{member.Name} stands twice");

    private static byte[] Bytes(JsonElement element)
    {
        byte[] bytes = element.ValueKind == JsonValueKind.String
            ? Strict.GetBytes(element.GetString()!)
            : throw new JsonException("what is expected is a string or null");
        return bytes.Length <= KvLimits.ValueBytesMax
            ? bytes
            : throw ApiException.TooLarge($"a value has at most {KvLimits.ValueBytesMax} bytes");
    }
}
