using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Raft.Tests.Sample;

/// <summary>An answer over HTTP, read to its end.</summary>
internal sealed record Reply(int Status, byte[] Body, HttpResponseHeaders Headers)
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The code of an error.</summary>
    public string? Error => Json.GetProperty("error").GetString();

    /// <summary>Sends a request whose target goes out as it stands.</summary>
    public static async Task<Reply> SendAsync(
        string server, string method, string target, byte[]? body = null,
        params IEnumerable<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method),
            new Uri(server + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Content = body is null ? null : new ByteArrayContent(body);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Client.SendAsync(request);
        return new Reply((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Headers);
    }

    /// <summary>A header's value; null where it is absent.</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(",", values) : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Status} {Text}";
}
