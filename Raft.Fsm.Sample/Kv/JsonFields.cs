using System.Text.Json;
using System.Text.Unicode;

namespace Raft.Fsm.Sample.Kv;

/// <summary>How texts and values stand in the JSON of the log and of snapshots.</summary>
internal static class JsonFields
{
    /// <summary>Reads the text behind a member's name; null where it is null.</summary>
    public static string? NextText(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString();
    }

    /// <summary>Reads the value behind a member's name as bytes; null where it is null.</summary>
    /// <exception cref="FormatException">It is no string, or no UTF-8.</exception>
    public static byte[]? NextBytes(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType != JsonTokenType.String)
        {
            throw new FormatException("a value is a string");
        }

        if (!json.ValueIsEscaped)
        {
            // Unlike GetString, the span is handed out unchecked; a value that is no UTF-8 stands in another form.
            return Utf8.IsValid(json.ValueSpan) ? json.ValueSpan.ToArray() : throw new FormatException("a value is UTF-8");
        }

        byte[] text = new byte[json.ValueSpan.Length];
        return text[..json.CopyString(text)];
    }

    /// <summary>Writes a value: as text where it is UTF-8, else as base64 under another name.</summary>
    public static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (Utf8.IsValid(value))
        {
            json.WriteString("value"u8, value);
        }
        else
        {
            json.WriteBase64String("valueBase64"u8, value);
        }
    }
}
