using System.Globalization;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Admin;

/// <summary>Asks a node over HTTP, from outside of it.</summary>
internal sealed class AdminClient : IDisposable
{
    // A node answers within its own time for a write, and says then that it could not: this only ends what hangs.
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    private readonly Uri _target;
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(3),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public AdminClient(Uri target) => _target = target;

    /// <summary>Reads the address of a node as it is given on a command line.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static Uri ReadTarget(ParsedOptions given, string option)
    {
        string target = given.Required(option);
        return Uri.TryCreate(target, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp
            && uri.PathAndQuery == "/" && uri.Host.Length > 0
            ? uri
            : throw given.Wrong($"--{option} is '{target}'; give http://HOST:PORT, as in http://127.0.0.1:8001");
    }

    /// <summary>The path of one server, whatever stands in its id.</summary>
    public static string ServerPath(string id) =>
        $"/raft/servers/{Uri.EscapeDataString(id).Replace(".", "%2E", StringComparison.Ordinal)}";

    /// <summary>That of a server which is to be removed only where it has not answered its leader for some time.</summary>
    public static string SilentServerPath(string id, TimeSpan silence) =>
        string.Create(CultureInfo.InvariantCulture, $"{ServerPath(id)}?silentMs={(long)silence.TotalMilliseconds}");

    /// <summary>Sends a request.</summary>
    /// <returns>The answer, if it is 200.</returns>
    /// <exception cref="AdminException">There is none, or it is an error.</exception>
    public async Task<AdminReply> SendAsync(
        HttpMethod method, string path, HttpContent? body = null, TimeSpan? patience = null,
        CancellationToken cancellationToken = default)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(patience ?? DefaultPatience);
        return await ToldAsync(
            async () =>
            {
                using HttpResponseMessage response = await StartAsync(method, path, body, timer.Token);
                return new AdminReply((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(timer.Token));
            },
            cancellationToken);
    }

    /// <summary>Writes the answer to a GET into a file, as it comes.</summary>
    /// <param name="path">The request target.</param>
    /// <param name="destination">The file.</param>
    /// <param name="first">A header of the answer.</param>
    /// <param name="second">Another.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Their values; null where one is absent.</returns>
    /// <exception cref="AdminException">There is none, it is an error, or it breaks off.</exception>
    public async Task<(string? First, string? Second)> DownloadAsync(
        string path, Stream destination, string first, string second, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await ToldAsync(
            () => StartAsync(HttpMethod.Get, path, body: null, cancellationToken), cancellationToken);
        try
        {
            await using Stream source = await response.Content.ReadAsStreamAsync(cancellationToken);
            await source.CopyToAsync(destination, cancellationToken);
            return (Value(first), Value(second));
        }
        catch (Exception failure) when (failure is HttpRequestException or HttpIOException)
        {
            throw new AdminException($"{_target} broke off: {failure.Message}", failure);
        }

        string? Value(string header) =>
            response.Headers.TryGetValues(header, out IEnumerable<string>? values) ? string.Join(", ", values) : null;
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> StartAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        // Escaped dots in an id would be resolved otherwise. Always with a body: HTTP clients repeat requests without one.
        var uri = new Uri(
            $"http://{_target.Authority}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, uri)
        {
            Content = body ?? (method == HttpMethod.Get ? null : new ByteArrayContent([])),
        };
        HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            byte[] error = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            throw new AdminException(new AdminReply((int)response.StatusCode, error).Problem());
        }
    }

    /// <summary>Does something, and says what went wrong with it in words for an administrator.</summary>
    private async Task<T> ToldAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        try
        {
            return await act();
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new AdminException($"{_target} does not answer: {failure.Message}", failure);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AdminException($"{_target} did not answer in time; what was asked for may still happen", slow);
        }
    }
}
