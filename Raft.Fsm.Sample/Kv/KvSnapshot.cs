using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Raft.Fsm.Sample.Kv;

/// <summary>
/// The state at one index, in the contract's form: lines of JSON. It holds on to the pairs, not to copies of their
/// values, which nobody changes. Written any number of times.
/// </summary>
/// <param name="pairs">The keys with their values, in any order.</param>
/// <param name="sessions">The clients, in any order.</param>
internal sealed class KvSnapshot(
    KeyValuePair<string, byte[]>[] pairs, SessionEntry[] sessions) : IFsmSnapshot
{
    /// <summary>The first line's <c>format</c>.</summary>
    public const string Format = "raftkv";

    /// <summary>The first line's <c>version</c>.</summary>
    public const int Version = 1;

    private const int FlushBytes = 64 << 10;

    private static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private KeyValuePair<string, byte[]>[] _pairs = pairs;
    private SessionEntry[] _sessions = sessions;

    /// <inheritdoc/>
    public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(2 * FlushBytes);
        await using var json = new Utf8JsonWriter(buffer, Compact);
        Line(json, buffer, _pairs.Length, static (json, count) =>
        {
            json.WriteString("format"u8, Format);
            json.WriteNumber("version"u8, Version);
            json.WriteNumber("count"u8, count);
        });
        Array.Sort(_pairs, static (one, other) => Utf8Order.Instance.Compare(one.Key, other.Key));
        foreach (KeyValuePair<string, byte[]> pair in _pairs)
        {
            Line(json, buffer, pair, static (json, pair) =>
            {
                json.WriteString("key"u8, pair.Key);
                JsonFields.WriteValue(json, pair.Value);
            });
            await FlushAsync(buffer, destination, FlushBytes, cancellationToken);
        }

        Array.Sort(_sessions, static (one, other) => Utf8Order.Instance.Compare(one.Client, other.Client));
        foreach (SessionEntry session in _sessions)
        {
            Line(json, buffer, session, static (json, session) =>
            {
                json.WriteString("client"u8, session.Client);
                json.WriteNumber("request"u8, session.Number);
                json.WritePropertyName("result"u8);
                json.WriteRawValue(session.Result.Span, skipInputValidation: true);
            });
            await FlushAsync(buffer, destination, FlushBytes, cancellationToken);
        }

        await FlushAsync(buffer, destination, leastBytes: 1, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pairs = [];
        _sessions = [];
    }

    private static void Line<T>(
        Utf8JsonWriter json, ArrayBufferWriter<byte> buffer, T item, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartObject();
        write(json, item);
        json.WriteEndObject();
        json.Flush();
        json.Reset();
        buffer.Write("\n"u8);
    }

    private static async ValueTask FlushAsync(
        ArrayBufferWriter<byte> buffer, Stream destination, int leastBytes, CancellationToken cancellationToken)
    {
        if (buffer.WrittenCount >= leastBytes)
        {
            await destination.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }
    }
}
