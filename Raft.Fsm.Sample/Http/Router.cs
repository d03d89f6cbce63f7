using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// Finds the handler of a request and writes its answer. It looks at the raw request target, since the routing of the
/// server would decode keys first.
/// </summary>
internal sealed class Router(Task<KvNode> started, ILogger logger) : IDisposable
{
    private readonly Lazy<Task<Routes>> _routes = new(async () => new Routes(await started));

    /// <summary>Serves a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        Routes routes = await _routes.Value.WaitAsync(context.RequestAborted);
        try
        {
            Answer answer = await AnswerAsync(routes, context);
            await using StreamedBody? stream = answer.Stream;
            routes.Node.Counts.Note(answer);
            await WriteAsync(context, answer);
        }
        catch (Exception failure) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: there is nobody to answer, whatever came of it.
            if (failure is not (OperationCanceledException or IOException) && ErrorAnswer.From(failure) is null)
            {
                logger.LogError(failure, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            }
        }
    }

    public void Dispose()
    {
        if (_routes is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            _routes.Value.Result.Dispose();
        }
    }

    private async Task<Answer> AnswerAsync(Routes routes, HttpContext context)
    {
        try
        {
            return await routes.HandleAsync(new ApiRequest(context));
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested)
        {
            ApiException? error = ErrorAnswer.From(failure);
            if (error is null)
            {
                logger.LogError(failure, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
                error = ApiException.Internal($"a fault of this node: {failure.Message}");
            }

            // Only who is told to ask the leader waits for its address.
            TimeSpan patience = error.Status is 421 or 503 ? LeaderGate.AddressPatience : TimeSpan.Zero;
            return ErrorAnswer.Of(error, await routes.Node.Leaders.FindAsync(patience));
        }
    }

    private async Task WriteAsync(HttpContext context, Answer answer)
    {
        HttpResponse response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Stream is { } stream ? stream.Length : answer.Body.Length;
        Set(response, "Raft-Index", answer.RaftIndex);
        Set(response, ReprDigest.Header, answer.ReprDigest);
        Set(response, "Raft-Forwarded-To", answer.ForwardedTo);
        Set(response, "Retry-After", answer.RetryAfter);
        Set(response, "Allow", answer.Allow);
        if (answer.Stream is null)
        {
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
            return;
        }

        try
        {
            await answer.Stream.WriteAsync(response.Body, context.RequestAborted);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested)
        {
            // It is too late for an error: a connection that ends in the middle tells that what came is not all.
            logger.LogError(failure, "{Method} {Path} broke off", context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }

    private static void Set(HttpResponse response, string name, string? value)
    {
        if (value is not null)
        {
            response.Headers[name] = value;
        }
    }
}
