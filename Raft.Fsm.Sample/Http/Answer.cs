using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Raft.Fsm.Sample.Http;

/// <summary>An answer to a client, before it is written.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">What the body is; null for no body.</param>
/// <param name="Body">The body.</param>
internal sealed record Answer(int Status, string? ContentType, ReadOnlyMemory<byte> Body)
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A body that is written piece by piece, in place of <see cref="Body"/>; disposed by who writes it.</summary>
    public StreamedBody? Stream { get; init; }

    /// <summary>The header <c>Raft-Index</c>.</summary>
    public string? RaftIndex { get; init; }

    /// <summary>The header <c>Repr-Digest</c>.</summary>
    public string? ReprDigest { get; init; }

    /// <summary>The header <c>Raft-Forwarded-To</c>.</summary>
    public string? ForwardedTo { get; init; }

    /// <summary>The header <c>Retry-After</c>.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The header <c>Allow</c>.</summary>
    public string? Allow { get; init; }

    /// <summary>A JSON answer.</summary>
    public static Answer OfJson(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            write(json);
        }

        return new Answer(status, "application/json", buffer.WrittenMemory);
    }

    /// <summary>A text answer.</summary>
    public static Answer OfText(int status, string text, string contentType = "text/plain; charset=utf-8") =>
        new(status, contentType, Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes as they were stored.</summary>
    public static Answer OfBytes(ReadOnlyMemory<byte> bytes) => new(200, "application/octet-stream", bytes);
}
