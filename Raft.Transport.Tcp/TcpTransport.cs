using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Raft.Transport.Tcp.Accepting;
using Raft.Transport.Tcp.Sending;

namespace Raft.Transport.Tcp;

/// <summary>Reaches other servers over TCP, in the wire format of hashicorp/raft 1.7, so that both can form one cluster.</summary>
/// <remarks>
/// Idle connections are kept for each server; appends in a row and snapshots take one of their own. Requests of one connection are
/// delivered in order and as soon as each is whole, and answered in that order. A call that is cancelled, or whose time
/// runs out, costs its connection. Entries, requests and memory are limited by <see cref="TcpTransportOptions"/>.
/// </remarks>
public sealed class TcpTransport : ITransport
{
    // Here, other than in the library itself, awaits do not capture the caller's scheduler: sockets complete on the
    // thread pool, and the steps of a call must not take turns on the loops of a node.
    private readonly TcpTransportOptions _options;
    private readonly IStreamListener _listener;
    private readonly ILogger _logger;
    private readonly Dialer _dialer;
    private readonly TransportMeter _meter;
    private readonly Lock _gate = new();
    private Acceptor? _acceptor;
    private Task? _disposal;

    private TcpTransport(TcpTransportOptions options, IStreamListener listener)
    {
        _options = options;
        _listener = listener;
        _logger = new ForgivingLogger(options.LoggerFactory.CreateLogger<TcpTransport>());
        _dialer = new Dialer(options, _logger);
        LocalAddress = options.AdvertiseAddress.IsEmpty
            ? listener.LocalEndPoint.ToString() : options.AdvertiseAddress;
        _meter = TransportMeter.Create(options, LocalAddress);
        LogMessages.Listening(_logger, listener.LocalEndPoint.ToString(), LocalAddress);
        if (!options.StreamLayer.IsAuthenticated && !IPAddress.IsLoopback(listener.LocalEndPoint.Address))
        {
            LogMessages.Unprotected(_logger, listener.LocalEndPoint.ToString());
        }
    }

    /// <inheritdoc/>
    public ServerAddress LocalAddress { get; }

    /// <summary>The accepting side, once it was started.</summary>
    internal Acceptor? Acceptor => _acceptor;

    /// <summary>How many connections to others are open.</summary>
    internal int DialledCount => _dialer.OpenCount;

    /// <summary>Begins to listen. Requests wait until <see cref="Start"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>The transport.</returns>
    /// <exception cref="ArgumentException">
    /// A setting is out of range, or nobody can dial the address to advertise: a wildcard, or no port.
    /// </exception>
    /// <exception cref="RaftException">The address cannot be listened on, for example because the port is taken.</exception>
    public static ValueTask<TcpTransport> ListenAsync(TcpTransportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!IPEndPoint.TryParse(options.BindAddress, out IPEndPoint? endPoint))
        {
            throw new ArgumentException($"'{options.BindAddress}' is no address of the form ip:port.", nameof(options));
        }

        if (options.AdvertiseAddress.IsEmpty ? IsWildcard(endPoint) : !CanBeDialled(options.AdvertiseAddress))
        {
            throw new ArgumentException(
                $"Nobody can dial {(options.AdvertiseAddress.IsEmpty ? options.BindAddress : options.AdvertiseAddress)}: "
                + $"name the host and port that reach this server in {nameof(TcpTransportOptions.AdvertiseAddress)}.",
                nameof(options));
        }

        try
        {
            return ValueTask.FromResult(new TcpTransport(options, options.StreamLayer.Listen(endPoint)));
        }
        catch (SocketException exception)
        {
            string reason = exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is in use by another process, or by another server of this one",
                SocketError.AddressNotAvailable => "this machine does not have that address",
                SocketError.AccessDenied => "the system does not allow this process to use that port",
                _ => exception.Message,
            };
            throw new RaftException($"Cannot listen on {endPoint}: {reason}.", exception);
        }
    }

    /// <inheritdoc/>
    public void Start(IRpcReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_acceptor is not null)
            {
                throw new InvalidOperationException("The transport was started already.");
            }

            _acceptor = new Acceptor(_listener, new AcceptorContext(receiver, _options, _meter, _logger));
        }
    }

    /// <inheritdoc/>
    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        CallAsync<AppendEntriesResponse>(target, request, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new AppendPipeline(await _dialer.DialAsync(Locate(target), cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync<RequestVoteResponse>(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync<RequestPreVoteResponse>(target, request, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(body);
        // Of its own, and never used again, as Go's: whatever became of the bytes, no other call meets what is left.
        ClientConnection connection = await _dialer.DialAsync(Locate(target), cancellationToken).ConfigureAwait(false);
        try
        {
            using (cancellationToken.UnsafeRegister(Cancel, connection))
            {
                return await new SnapshotCall(connection, request, body, _options).RunAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            connection.Dispose();
            connection.Abandon();
        }
    }

    /// <inheritdoc/>
    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        CallAsync<TimeoutNowResponse>(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        CallAsync<AskResponse>(target, request, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// Takes half a second at most. Refused is only what the stream layer reports, itself or within another exception, as a
    /// <see cref="SocketException"/> that says <see cref="SocketError.ConnectionRefused"/>.
    /// </remarks>
    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        return _dialer.ProbeAsync(Locate(target), cancellationToken);
    }

    /// <summary>
    /// Ends all connections that are open, idle or not, in both directions: calls under way fail with
    /// <see cref="TransportFailure.Shutdown"/>, the next ones dial anew. For when what connections were made with is over, such
    /// as a certificate.
    /// </summary>
    public void CloseStreams()
    {
        _dialer.CloseAll();
        _acceptor?.CloseAll();
    }

    /// <summary>
    /// Stops listening, ends all connections, and fails what waits with <see cref="TransportFailure.Shutdown"/>. On
    /// return no task of the transport runs any more.
    /// </summary>
    /// <returns>Completes when that is so.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposal ??= Task.Run(StopAsync);
            return new(_disposal);
        }
    }

    private static bool IsWildcard(IPEndPoint endPoint) =>
        endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any);

    private static bool CanBeDialled(ServerAddress address)
    {
        string text = address.ToString();
        return IPEndPoint.TryParse(text, out IPEndPoint? ip)
            ? ip.Port != 0 && !IsWildcard(ip)
            : text.LastIndexOf(':') > 0 && !text.EndsWith(":0", StringComparison.Ordinal);
    }

    private async Task StopAsync()
    {
        try
        {
            await _dialer.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (_acceptor is not null)
            {
                await _acceptor.DisposeAsync().ConfigureAwait(false);
            }

            _listener.Dispose();
            _meter.Dispose();
        }
    }

    private async ValueTask<TResponse> CallAsync<TResponse>(
        Server target, RpcRequest request, CancellationToken cancellationToken)
        where TResponse : RpcResponse
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(request);
        ClientConnection connection = await _dialer.TakeAsync(Locate(target), cancellationToken).ConfigureAwait(false);
        RpcResponse response;
        try
        {
            using (cancellationToken.UnsafeRegister(Cancel, connection))
            {
                response = await connection.CallAsync(request).ConfigureAwait(false);
            }
        }
        catch (RemoteRpcException)
        {
            // An error is an answer too: the connection is as good as before.
            _dialer.Return(connection);
            throw;
        }
        catch
        {
            connection.Dispose();
            connection.Abandon();
            throw;
        }

        _dialer.Return(connection);
        return (TResponse)response;
    }

    private Server Locate(Server target)
    {
        try
        {
            return _options.AddressProvider?.FindAddress(target.Id) is { IsEmpty: false } known && known != target.Address
                ? target with { Address = known } : target;
        }
        catch (Exception failure)
        {
            LogMessages.AddressNotFound(_logger, target.Id, target.Address, failure);
            return target;
        }
    }

    private static void Cancel(object? connection) =>
        ((ClientConnection)connection!).Abort(TransportFailure.Shutdown, "the call was cancelled");
}
