using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Raft.Fsm.Sample.Kv;

/// <summary>What is remembered of a request's result: the JSON object that stands for it in a snapshot.</summary>
internal static class KvResultEncoding
{
    private static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Everything that a repeated request is answered with.</summary>
    public static ReadOnlyMemory<byte> Encode(KvResult result)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using var json = new Utf8JsonWriter(buffer, Compact);
        json.WriteStartObject();
        json.WriteNumber("index"u8, result.Index);
        json.WriteNumber("term"u8, result.Term);
        if (result.Existed is { } existed)
        {
            json.WriteBoolean("existed"u8, existed);
        }

        if (result.Swapped is { } swapped)
        {
            json.WriteBoolean("swapped"u8, swapped);
        }

        if (result.Error is { } error)
        {
            json.WriteString("error"u8, error);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The result in what <see cref="Encode"/> made.</summary>
    public static KvResult Decode(ReadOnlySpan<byte> encoded)
    {
        var json = new Utf8JsonReader(encoded);
        return Next(ref json);
    }

    /// <summary>Reads a result as the next value; names that are not known here are passed over.</summary>
    /// <exception cref="FormatException">It is no object.</exception>
    public static KvResult Next(ref Utf8JsonReader json)
    {
        var result = new KvResult(KvOutcome.Applied, Index: 0, Term: 0);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("a result is an object");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("index"u8))
            {
                json.Read();
                result = result with { Index = json.GetUInt64() };
            }
            else if (json.ValueTextEquals("term"u8))
            {
                json.Read();
                result = result with { Term = json.GetUInt64() };
            }
            else if (json.ValueTextEquals("existed"u8))
            {
                json.Read();
                result = result with { Existed = json.GetBoolean() };
            }
            else if (json.ValueTextEquals("swapped"u8))
            {
                json.Read();
                result = result with { Swapped = json.GetBoolean() };
            }
            else if (json.ValueTextEquals("error"u8))
            {
                result = result with { Outcome = KvOutcome.NotACommand, Error = JsonFields.NextText(ref json) };
            }
            else
            {
                json.Skip();
            }
        }

        return result;
    }
}
