using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Raft.MsgPack;
using Raft.Rpc;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Sending;

/// <summary>
/// A connection that this server opened. Used by one call at a time, or by one <see cref="AppendPipeline"/>; owned by
/// the <see cref="Dialer"/> from dialling to its end.
/// </summary>
internal sealed class ClientConnection : IDisposable
{
    private const int FirstBufferBytes = 4 * 1024;

    private readonly IStreamConnection _stream;
    private readonly Action<ClientConnection> _onDisposed;
    private readonly RefusalLog _refusals;
    private readonly RequestFrame _frame;
    private readonly ReceiveBuffer _buffer = new(FirstBufferBytes);
    private readonly ResponseDecoder _decoder;
    private TransportException? _end;

    public ClientConnection(
        Server server, IStreamConnection stream, TcpTransportOptions options, RefusalLog refusals,
        Action<ClientConnection> onDisposed)
    {
        Server = server;
        _stream = stream;
        _refusals = refusals;
        _frame = new RequestFrame(cluster: options.ClusterId);
        _onDisposed = onDisposed;
        _decoder = new ResponseDecoder(options.EntryBytesMax);
        Deadline = new CallDeadline(
            options.TimeProvider, options.Timeout,
            () => Abort(TransportFailure.TimedOut, $"{Target} neither answered nor took bytes for {options.Timeout}"));
    }

    /// <summary>Whom it leads to.</summary>
    public Server Server { get; }

    /// <summary>Where.</summary>
    public ServerAddress Target => Server.Address;

    /// <summary>Ends the connection when an answer is overdue.</summary>
    public CallDeadline Deadline { get; }

    /// <summary>Whether it is open and all its answers were read in time.</summary>
    public bool IsClean =>
        Volatile.Read(ref _end) is null && !Deadline.IsExpired && _buffer.UnreadBytes == 0 && !_decoder.IsWithinResponse;

    /// <summary>Whether, having lain idle, it can carry another call: the other side has not closed it meanwhile.</summary>
    public bool IsReusable => IsClean && _stream.IsQuiet;

    /// <summary>The task that reads it, where there is one beside the calls.</summary>
    public Task Reader { get; set; } = Task.CompletedTask;

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <exception cref="TransportException">There was no answer.</exception>
    /// <exception cref="RemoteRpcException">The answer was an error; the connection can be used again.</exception>
    public async ValueTask<RpcResponse> CallAsync(RpcRequest request)
    {
        Deadline.Begin();
        await SendAsync(request).ConfigureAwait(false);
        RpcType type = RequestEncoder.TypeOf(request);
        RpcResponse? response;
        string? error;
        while (!TryDecode(type, out response, out error))
        {
            await ReceiveAsync().ConfigureAwait(false);
        }

        Deadline.End();
        return error is null ? response! : throw new RemoteRpcException(error);
    }

    /// <summary>Sends a request.</summary>
    /// <exception cref="TransportException">The connection has ended.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(RpcRequest request)
    {
        try
        {
            _frame.Encode(request);
            await _stream.SendAsync(_frame.Segments).ConfigureAwait(false);
            _frame.Clear();
        }
        catch (Exception exception) when (StreamFailure.IsExpected(exception))
        {
            throw Failed(exception);
        }
    }

    /// <summary>Sends bytes. Other than after <see cref="SendAsync"/>, an answer can still be received after a failure.</summary>
    /// <returns>Whether they were sent.</returns>
    public async Task<bool> TrySendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        try
        {
            await _stream.SendAsync(segments).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (StreamFailure.IsExpected(exception))
        {
            return false;
        }
    }

    /// <summary>Receives more of the answers.</summary>
    /// <exception cref="TransportException">The connection has ended.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReceiveAsync()
    {
        int received;
        try
        {
            received = await _buffer.FillAsync(_stream).ConfigureAwait(false);
        }
        catch (Exception exception) when (StreamFailure.IsExpected(exception))
        {
            throw Failed(exception);
        }

        if (received == 0)
        {
            bool isWithin = _decoder.IsWithinResponse || _buffer.UnreadBytes > 0;
            throw Abort(
                isWithin ? TransportFailure.Broken : TransportFailure.Closed,
                isWithin ? $"{Target} closed the connection within an answer" : $"{Target} closed the connection unanswered");
        }
    }

    /// <summary>Takes the next answer out of what was received.</summary>
    /// <exception cref="TransportException">It is no answer, or says that this server is refused.</exception>
    public bool TryDecode(RpcType type, out RpcResponse? response, out string? error)
    {
        bool isWhole;
        try
        {
            isWhole = _decoder.TryDecode(_buffer, type, out response, out error);
        }
        catch (MsgPackException exception)
        {
            throw Abort(TransportFailure.Malformed, $"{Target} sent what is no answer: {exception.Message}", exception);
        }

        return error is null || Refusal.ReasonIn(error) is not { } reason ? isWhole : throw Refused(StreamFailure.Printable(reason));
    }

    /// <summary>Ends the connection, from any thread. The first reason is the one that callers see.</summary>
    /// <returns>That reason.</returns>
    public TransportException Abort(TransportFailure failure, string message, Exception? cause = null) =>
        End(new TransportException(failure, message, cause));

    public void Dispose()
    {
        Abort(TransportFailure.Shutdown, $"the connection to {Target} was closed");
        Deadline.Dispose();
        _onDisposed(this);
    }

    /// <summary>Gives back what an unfinished answer holds. Only once nothing is being received any more.</summary>
    public void Abandon() => _decoder.Abandon();

    private TransportException End(TransportException end)
    {
        TransportException first = Interlocked.CompareExchange(ref _end, end, null) ?? end;
        try
        {
            _stream.Dispose();
        }
        catch (Exception)
        {
            // The user's stream. This may run on a timer, where an exception would end the process; and the connection
            // is of no use any more, which its callers are told in any case.
        }

        return first;
    }

    // Nothing of the request has reached that node: it is as if it had not been sent.
    private TransportException Refused(string reason)
    {
        _refusals.LogRefused(Server, reason);
        return Abort(TransportFailure.Unreachable, $"{Server.Id} at {Target} refuses this server: {reason}");
    }

    private TransportException Failed(Exception cause)
    {
        TransportException end = cause is AuthenticationException
            ? new(TransportFailure.Unreachable, $"{Server.Id} is not reached at {Target}: {cause.Message}", cause)
            : new(TransportFailure.Broken, $"the connection to {Target} broke: {cause.Message}", cause);
        TransportException first = End(end);

        // One line, though both who sends and who receives come by.
        if (first == end && (cause as AuthenticationException ?? cause.InnerException as AuthenticationException) is { } unproven)
        {
            _refusals.LogUnproven(Server, unproven.Message);
        }

        // An exception of its own for each caller: throwing one object in two places mixes their traces.
        return new TransportException(first.Failure, first.Message, first.InnerException);
    }
}
