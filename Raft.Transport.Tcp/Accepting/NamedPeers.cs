using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// Counts the accepted connections of each server, by the names in the requests that came over them, and tells the receiver when a
/// server's last one has ended. One for each transport; used from any thread.
/// </summary>
/// <remarks>
/// Only servers with open connections stand here, and a connection names a few at most: so strangers that give themselves names
/// take no more memory than their connections do. A lock serves here: counting is a few instructions.
/// </remarks>
internal sealed class NamedPeers(IRpcReceiver receiver, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServerId, int> _counts = [];
    private bool _isStopped;

    /// <summary>How many servers are named by open connections.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _counts.Count;
            }
        }
    }

    /// <summary>A connection names a server that it has not named before.</summary>
    public void Join(ServerId server)
    {
        lock (_gate)
        {
            _counts[server] = _counts.GetValueOrDefault(server) + 1;
        }
    }

    /// <summary>A connection that named a server has ended.</summary>
    public void Leave(ServerId server)
    {
        lock (_gate)
        {
            int left = _counts[server] - 1;
            if (left > 0)
            {
                _counts[server] = left;
                return;
            }

            _counts.Remove(server);
            if (_isStopped)
            {
                return;
            }
        }

        try
        {
            receiver.Disconnected(server);
        }
        catch (Exception exception)
        {
            // Receivers promise not to.
            LogMessages.Unexpected(logger, server.ToString(), exception);
        }
    }

    /// <summary>The transport is being closed: that connections end is no news from now on.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
        }
    }
}
