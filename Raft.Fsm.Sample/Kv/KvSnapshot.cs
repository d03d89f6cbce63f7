using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Raft.Fsm.Sample.Kv;

/// <summary>
/// The state at one index, in the contract's form: lines of JSON. It holds on to the pairs, not to copies of their
/// values, which nobody changes. Written once.
/// </summary>
/// <param name="pairs">The keys with their values, in any order.</param>
/// <param name="sessions">The clients, in any order.</param>
internal sealed class KvSnapshot(
    KeyValuePair<string, byte[]>[] pairs, KeyValuePair<string, KvSession>[] sessions) : IFsmSnapshot
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
    private KeyValuePair<string, KvSession>[] _sessions = sessions;

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
        Sort(_pairs);
        foreach (KeyValuePair<string, byte[]> pair in _pairs)
        {
            Line(json, buffer, pair, static (json, pair) =>
            {
                json.WriteString("key"u8, pair.Key);
                JsonFields.WriteValue(json, pair.Value);
            });
            await FlushAsync(buffer, destination, FlushBytes, cancellationToken);
        }

        Sort(_sessions);
        foreach (KeyValuePair<string, KvSession> session in _sessions)
        {
            Line(json, buffer, session, static (json, session) => WriteSession(json, session.Key, session.Value));
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

    private static void Sort<T>(KeyValuePair<string, T>[] items) =>
        Array.Sort(items, static (one, other) => Utf8Order.Instance.Compare(one.Key, other.Key));

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

    // Everything that a repeated request is answered with.
    private static void WriteSession(Utf8JsonWriter json, string client, KvSession session)
    {
        json.WriteString("client"u8, client);
        json.WriteNumber("request"u8, session.Request);
        json.WriteStartObject("result"u8);
        json.WriteNumber("index"u8, session.Result.Index);
        json.WriteNumber("term"u8, session.Result.Term);
        if (session.Result.Existed is { } existed)
        {
            json.WriteBoolean("existed"u8, existed);
        }

        if (session.Result.Swapped is { } swapped)
        {
            json.WriteBoolean("swapped"u8, swapped);
        }

        if (session.Result.Error is { } error)
        {
            json.WriteString("error"u8, error);
        }

        json.WriteEndObject();
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
