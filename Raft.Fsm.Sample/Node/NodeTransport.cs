using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.CommandLine;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>How a node reaches the others.</summary>
internal static class NodeTransport
{
    /// <summary>Begins to listen on a free port, which the transport then says.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="id">The node.</param>
    /// <param name="tls">Its certificate; null for plain connections.</param>
    public static async Task<ITransport> ListenAnyPortAsync(HostPort listen, string id, TlsFiles? tls) =>
        await TcpTransport.ListenAsync(new TcpTransportOptions
        {
            BindAddress = listen.Resolve().ToString(),
            StreamLayer = tls is null ? new SocketStreamLayer() : await OpenAsync(tls, id, NullLoggerFactory.Instance),
        });

    /// <summary>Reads what connections are made with.</summary>
    /// <exception cref="UsageException">A certificate cannot be used.</exception>
    public static async Task<IStreamLayer> LayerAsync(NodeOptions options, ILoggerFactory logs)
    {
        try
        {
            return options.Tls is null ? new SocketStreamLayer() : await OpenAsync(options.Tls, options.Id, logs);
        }
        catch (RaftException failure)
        {
            throw new UsageException(
                $"raftkv: --tls-cert, --tls-key and --tls-ca cannot be used: {failure.Message}; mend or replace the file (docs/tls.md)");
        }
    }

    /// <summary>Begins to listen for other nodes.</summary>
    /// <param name="options">Where, and what the others are told.</param>
    /// <param name="layer">What connections are made with.</param>
    /// <param name="logs">Where log lines go.</param>
    /// <exception cref="UsageException">The address cannot be listened on.</exception>
    public static async Task<ITransport> ListenAsync(NodeOptions options, IStreamLayer layer, ILoggerFactory logs)
    {
        try
        {
            return await TcpTransport.ListenAsync(new TcpTransportOptions
            {
                BindAddress = options.Raft.Resolve().ToString(),
                AdvertiseAddress = options.Advertise.ToString(),
                ClusterId = options.ClusterId,
                StreamLayer = layer,
                LoggerFactory = logs,
            });
        }
        catch (Exception failure) when (failure is RaftException or ArgumentException)
        {
            throw new UsageException(
                $"raftkv: cannot listen on --raft {options.Raft}: {failure.Message}; free it or give another");
        }
    }

    private static ValueTask<TlsStreamLayer> OpenAsync(TlsFiles files, string id, ILoggerFactory logs)
    {
        var options = new TlsOptions
        {
            CertificateFile = files.Certificate,
            KeyFile = files.Key,
            AuthorityFile = files.Authority,
            LocalId = id,
            LoggerFactory = logs,
        };
        return TlsStreamLayer.OpenAsync(options);
    }
}
