using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Http;

/// <summary>A request, as the handlers see it.</summary>
internal sealed class ApiRequest(HttpContext context)
{
    /// <summary>Marks a request that a node sent on; it is not sent on again.</summary>
    public const string ForwardedByHeader = "Raft-Forwarded-By";

    private const int DrainBytesMax = 16 << 20;

    /// <summary>The method.</summary>
    public string Method => context.Request.Method;

    /// <summary>The request target as it was sent.</summary>
    public string RawTarget { get; } = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>Its parts.</summary>
    public RequestTarget Target { get; } =
        RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);

    /// <summary>The headers.</summary>
    public IHeaderDictionary Headers => context.Request.Headers;

    /// <summary>The body, once it was read.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>The body in a file, where it was read by <see cref="SpoolBodyAsync"/>.</summary>
    public SpooledBody? Spooled { get; private set; }

    /// <summary>Whether another node sent it on to this one.</summary>
    public bool IsForwarded => Headers.ContainsKey(ForwardedByHeader);

    /// <summary>Cancelled when the client is gone.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>Whether the request may be sent on to the leader.</summary>
    /// <exception cref="ApiException">The parameter is neither true nor false.</exception>
    public bool IsForwardAllowed => Target.Parameter("forward") switch
    {
        null or "true" => true,
        "false" => false,
        string other => throw ApiException.BadRequest($"forward is '{other}'; give true or false"),
    };

    /// <summary>Reads the body.</summary>
    /// <param name="bytesMax">The most that is taken.</param>
    /// <exception cref="ApiException">It is larger.</exception>
    public async Task ReadBodyAsync(int bytesMax)
    {
        using var body = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        long total = 0;
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, Aborted)) > 0)
        {
            // What is too large is read on for a while, so that a client that is still writing gets to see the answer.
            total += read;
            if (total <= bytesMax)
            {
                await body.WriteAsync(buffer.AsMemory(0, read), Aborted);
            }
            else if (total > DrainBytesMax)
            {
                break;
            }
        }

        if (total > bytesMax)
        {
            throw ApiException.TooLarge($"the body is larger than the {bytesMax} bytes that are taken here");
        }

        Body = body.TryGetBuffer(out ArraySegment<byte> bytes) ? bytes : default(ReadOnlyMemory<byte>);
    }

    /// <summary>Reads a body that may be larger than memory into a file.</summary>
    /// <param name="bytesMax">The most that is taken.</param>
    /// <returns>The file, owned by the caller; it must outlive the sending on of the request.</returns>
    /// <exception cref="ApiException">The body is larger.</exception>
    public async Task<SpooledBody> SpoolBodyAsync(long bytesMax)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytesMax;
        }

        Spooled = await SpooledBody.TakeAsync(context.Request.Body, bytesMax, Aborted);
        return Spooled;
    }

    /// <summary>The client and the number of its request; null where the client does not number its requests.</summary>
    /// <exception cref="ApiException">A header is wrong, or one is missing beside the other.</exception>
    public (string Client, ulong Request)? Session()
    {
        StringValues clients = Headers["Raft-Client"];
        StringValues requests = Headers["Raft-Request"];
        if (clients.Count == 0 && requests.Count == 0)
        {
            return null;
        }

        if (clients.Count != 1 || requests.Count != 1)
        {
            throw ApiException.BadRequest("give both Raft-Client and Raft-Request, each once, or neither");
        }

        string client = clients[0]!;
        if (client.Length is 0 or > KvLimits.ClientLengthMax || client.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
        {
            throw ApiException.BadRequest($"Raft-Client is 1 to {KvLimits.ClientLengthMax} printable ASCII characters");
        }

        return ulong.TryParse(requests[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong request)
            && request is > 0 and <= long.MaxValue
            ? (client, request)
            : throw ApiException.BadRequest("Raft-Request is a whole number from 1 to 2^63-1");
    }
}
