using System.Threading.Channels;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Sending;

/// <summary>
/// Appends to one follower over a connection of its own. A task reads the answers, as many as one receive brought, and
/// hands them on; it ends with the connection.
/// </summary>
/// <remarks>
/// The channel of answers has no bound of its own: it never holds more answers than the sender has requests in flight.
/// Where the follower takes no more bytes, sending waits; where it neither takes bytes nor answers for the transport's
/// timeout, the pipeline ends.
/// </remarks>
internal sealed class AppendPipeline : IAppendPipeline
{
    private readonly ClientConnection _connection;
    private readonly Task _reading;
    private readonly Channel<AppendEntriesResponse> _responses = Channel.CreateUnbounded<AppendEntriesResponse>(
        new() { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    private int _outstanding;

    public AppendPipeline(ClientConnection connection)
    {
        _connection = connection;
        _reading = Task.Run(ReadAsync);
        connection.Reader = _reading;
    }

    public ChannelReader<AppendEntriesResponse> Responses => _responses.Reader;

    public ValueTask SendAsync(AppendEntriesRequest request)
    {
        if (Interlocked.Increment(ref _outstanding) == 1)
        {
            _connection.Deadline.Begin();
        }

        return _connection.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await _reading.ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        Exception end;
        try
        {
            end = await ReadUntilErrorAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            end = exception;
        }

        _connection.Dispose();
        _connection.Abandon();
        _responses.Writer.TryComplete(end);
        // Whoever disposes a pipeline without reading to its end has not missed an error.
        _ = _responses.Reader.Completion.Exception;
    }

    private async ValueTask<RemoteRpcException> ReadUntilErrorAsync()
    {
        var answers = new List<AppendEntriesResponse>();
        while (true)
        {
            await _connection.ReceiveAsync().ConfigureAwait(false);
            string? error = null;
            while (error is null && _connection.TryDecode(RpcType.AppendEntries, out RpcResponse? response, out error))
            {
                if (error is null)
                {
                    answers.Add((AppendEntriesResponse)response!);
                }
            }

            // Before they are seen: whoever reads the last one may rely on it that nothing is due any more.
            Answered(answers.Count);
            foreach (AppendEntriesResponse answer in answers)
            {
                _responses.Writer.TryWrite(answer);
            }

            answers.Clear();
            if (error is not null)
            {
                return new RemoteRpcException(error);
            }
        }
    }

    private void Answered(int count)
    {
        int left = Interlocked.Add(ref _outstanding, -count);
        if (left < 0)
        {
            throw _connection.Abort(
                TransportFailure.Malformed, $"{_connection.Target} sent more answers than there were requests");
        }

        if (left > 0)
        {
            _connection.Deadline.Begin();
            return;
        }

        // A request that was sent meanwhile has begun its time before this ends it: then it begins again.
        _connection.Deadline.End();
        if (Volatile.Read(ref _outstanding) > 0)
        {
            _connection.Deadline.Begin();
        }
    }
}
