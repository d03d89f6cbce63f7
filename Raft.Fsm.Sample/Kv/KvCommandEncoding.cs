using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Raft.Fsm.Sample.Kv;

/// <summary>Commands as they stand in the log: UTF-8 JSON, in the forms of the contract and no other.</summary>
internal static class KvCommandEncoding
{
    private static readonly JsonWriterOptions Compact = new()
    {
        // Only what JSON itself demands is escaped: the log holds what the client wrote.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes a command.</summary>
    /// <param name="command">The command, within <see cref="KvLimits"/>.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="ArgumentException">The command is one that must not be written.</exception>
    public static ReadOnlyMemory<byte> Encode(KvCommand command)
    {
        Check(command);
        var buffer = new ArrayBufferWriter<byte>(command.Value.Length + command.Key.Length + 128);
        using var json = new Utf8JsonWriter(buffer, Compact);
        json.WriteStartObject();
        json.WriteString("op"u8, Name(command.Operation));
        json.WriteString("key"u8, command.Key);
        if (command.Operation == KvOperation.CompareAndSwap)
        {
            WriteExpected(json, command.Expected);
        }

        if (command.Operation != KvOperation.Delete)
        {
            JsonFields.WriteValue(json, command.Value.Span);
        }

        if (command.Client is { } client)
        {
            json.WriteString("client"u8, client);
            json.WriteNumber("request"u8, command.Request);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Reads a command.</summary>
    /// <param name="data">What stands in the log, whoever wrote it.</param>
    /// <param name="command">The command, where it is one.</param>
    /// <returns>Why it is none; null where it is.</returns>
    public static string? TryDecode(ReadOnlySpan<byte> data, out KvCommand? command)
    {
        command = null;
        try
        {
            var json = new Utf8JsonReader(data);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return "a command is a JSON object";
            }

            return Read(ref json, out command);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            // A foreign node may have appended anything: an answer, never a stop.
            return $"no command: {failure.Message}";
        }
    }

    private static string? Read(ref Utf8JsonReader json, out KvCommand? command)
    {
        command = null;
        string? operation = null;
        string key = string.Empty;
        string? client = null;
        ulong request = 0;
        byte[] value = [];
        byte[]? expected = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("op"u8))
            {
                operation = JsonFields.NextText(ref json);
            }
            else if (json.ValueTextEquals("key"u8))
            {
                key = JsonFields.NextText(ref json) ?? string.Empty;
            }
            else if (json.ValueTextEquals("value"u8))
            {
                value = JsonFields.NextBytes(ref json) ?? [];
            }
            else if (json.ValueTextEquals("valueBase64"u8))
            {
                json.Read();
                value = json.GetBytesFromBase64();
            }
            else if (json.ValueTextEquals("expected"u8))
            {
                expected = JsonFields.NextBytes(ref json);
            }
            else if (json.ValueTextEquals("client"u8))
            {
                client = JsonFields.NextText(ref json);
            }
            else if (json.ValueTextEquals("request"u8))
            {
                json.Read();
                request = json.GetUInt64();
            }
            else
            {
                json.Skip();
            }
        }

        if (json.Read())
        {
            return "more follows behind the command";
        }

        if (Operation(operation) is not { } known)
        {
            return $"unknown op '{operation}'";
        }

        command = new KvCommand(known, key)
        {
            Value = value,
            Expected = expected,
            Client = string.IsNullOrEmpty(client) ? null : client,
            Request = request,
        };
        return null;
    }

    private static void WriteExpected(Utf8JsonWriter json, byte[]? expected)
    {
        if (expected is not null)
        {
            json.WriteString("expected"u8, expected);
        }
        else
        {
            json.WriteNull("expected"u8);
        }
    }

    private static void Check(KvCommand command)
    {
        bool isExpectedText = command.Expected is null || Utf8.IsValid(command.Expected);
        Refuse(!isExpectedText, "what a compare-and-swap expects is UTF-8");
        Refuse(command.Value.Length > KvLimits.ValueBytesMax, $"a value has at most {KvLimits.ValueBytesMax} bytes");
        Refuse(command.Key.Length is 0 or > KvLimits.KeyBytesMax, $"a key has 1 to {KvLimits.KeyBytesMax} bytes");
        Refuse(command.Client is { Length: 0 }, "a client has a name");
        Refuse(command.Client is not null && command.Request == 0, "requests are numbered from 1");
    }

    private static void Refuse(bool wrong, string rule)
    {
        if (wrong)
        {
            throw new ArgumentException($"The command cannot be written: {rule}.");
        }
    }

    private static ReadOnlySpan<byte> Name(KvOperation operation) => operation switch
    {
        KvOperation.Set => "set"u8,
        KvOperation.Delete => "delete"u8,
        _ => "cas"u8,
    };

    private static KvOperation? Operation(string? name) => name switch
    {
        "set" => KvOperation.Set,
        "delete" => KvOperation.Delete,
        "cas" => KvOperation.CompareAndSwap,
        _ => null,
    };
}
