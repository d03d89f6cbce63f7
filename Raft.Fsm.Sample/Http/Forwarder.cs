using System.Net;
using System.Net.Http.Headers;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Sends a client's request on to the leader, and its answer back.</summary>
internal sealed class Forwarder : IDisposable
{
    // The leader has the same time as we; a little more, and its own answer arrives, which says more than ours could.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(250);

    private readonly KvNode _node;
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        // Shorter than the server keeps them, so that a request never meets a connection that is just being closed.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Forwarder(KvNode node) => _node = node;

    /// <summary>Sends a request on.</summary>
    /// <param name="leader">The leader.</param>
    /// <param name="http">Where it serves clients.</param>
    /// <param name="request">The request, its body read.</param>
    /// <param name="isWrite">Whether it may have happened if no answer comes.</param>
    /// <param name="deadline">When the client's time is over.</param>
    /// <returns>The leader's answer; null where nothing happened and another try may succeed.</returns>
    /// <exception cref="ApiException">Nobody knows whether it happened.</exception>
    public async Task<Answer?> SendAsync(
        LeaderInfo leader, string http, ApiRequest request, bool isWrite, CancellationToken deadline)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
        using CancellationTokenRegistration expiry = deadline.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).CancelAfter(Slack), patience);
        try
        {
            using HttpRequestMessage message = Message(http, request);
            using HttpResponseMessage response = await _client.SendAsync(message, patience.Token);
            return await AnswerAsync(leader, response, patience.Token);
        }
        catch (HttpRequestException failure) when (IsNotSent(failure.HttpRequestError))
        {
            _node.Leaders.Forget();
            return null;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException
            && !request.Aborted.IsCancellationRequested)
        {
            if (isWrite)
            {
                throw ApiException.OutcomeUnknown(
                    $"the leader {leader.Id} did not answer; the write may have happened, or may still ({failure.Message})");
            }

            return null;
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Message(string http, ApiRequest request)
    {
        // The target goes out as it came in: a key may be "..", which would be resolved otherwise.
        var uri = new Uri(
            $"http://{http}{request.Target.Path}{(request.Target.Query.Length > 0 ? "?" : "")}{request.Target.Query}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(new HttpMethod(request.Method), uri)
        {
            // Always with a body, if an empty one: a request without is sent a second time by the client itself when its
            // connection ends without an answer, and a write must not be.
            Content = request.Spooled is { } file ? new StreamContent(file.Open()) : new ReadOnlyMemoryContent(request.Body),
        };
        foreach (string name in new[] { "Raft-Client", "Raft-Request", ReprDigest.Header })
        {
            if (request.Headers.TryGetValue(name, out var values))
            {
                message.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        message.Headers.TryAddWithoutValidation(ApiRequest.ForwardedByHeader, _node.Raft.Id.ToString());
        return message;
    }

    private static async Task<Answer?> AnswerAsync(
        LeaderInfo leader, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        bool isLeaderless = response.StatusCode == HttpStatusCode.ServiceUnavailable
            && (Has(body, "\"no_leader\""u8) || Has(body, "\"shutting_down\""u8));
        if (response.StatusCode == HttpStatusCode.MisdirectedRequest || isLeaderless)
        {
            return null;
        }

        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), body)
        {
            RaftIndex = Header(response.Headers, "Raft-Index"),
            RetryAfter = Header(response.Headers, "Retry-After"),
            ForwardedTo = leader.Id.ToString(),
        };
    }

    private static bool Has(byte[] body, ReadOnlySpan<byte> code) =>
        body.AsSpan(0, Math.Min(body.Length, 64)).IndexOf(code) >= 0;

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static bool IsNotSent(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;
}
