using Raft.Fsm.Sample.CommandLine;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>How a node reaches the others.</summary>
internal static class NodeTransport
{
    /// <summary>Begins to listen on a free port, which the transport then says.</summary>
    public static async Task<ITransport> ListenAnyPortAsync(HostPort listen) =>
        await TcpTransport.ListenAsync(new TcpTransportOptions { BindAddress = listen.Resolve().ToString() });

    /// <summary>Begins to listen for other nodes.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="advertise">What the others are told.</param>
    /// <param name="logs">Where log lines go.</param>
    /// <exception cref="UsageException">The address cannot be listened on.</exception>
    public static async Task<ITransport> ListenAsync(HostPort listen, HostPort advertise, ILoggerFactory logs)
    {
        try
        {
            return await TcpTransport.ListenAsync(new TcpTransportOptions
            {
                BindAddress = listen.Resolve().ToString(),
                AdvertiseAddress = advertise.ToString(),
                LoggerFactory = logs,
            });
        }
        catch (Exception failure) when (failure is RaftException or ArgumentException)
        {
            throw new UsageException($"raftkv: cannot listen on --raft {listen}: {failure.Message}; free it or give another");
        }
    }
}
