using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Transport.Tcp.Sending;

/// <summary>
/// Says which servers that were dialled are not who they should be, or refuse this one: one line in a second for each. Owned by the
/// <see cref="Dialer"/>; used from any task.
/// </summary>
internal sealed class RefusalLog(ILogger logger, TimeProvider time)
{
    /// <summary>Far more than a cluster has servers; beyond it all share one limit.</summary>
    private const int LimitersMax = 64;

    private readonly ConcurrentDictionary<ServerId, LogLimiter> _limiters = new();
    private readonly LogLimiter _shared = new(time);

    /// <summary>What answered is not that server, or it ended the connection as one does that refuses a certificate.</summary>
    public void LogUnproven(Server server, string reason)
    {
        if (LimiterOf(server).TryPass(out long unlogged))
        {
            LogMessages.DialledUnproven(logger, server.Id, server.Address, reason, unlogged);
        }
    }

    /// <summary>It answered that it refuses this server.</summary>
    public void LogRefused(Server server, string reason)
    {
        if (LimiterOf(server).TryPass(out long unlogged))
        {
            LogMessages.DialledRefuses(logger, server.Id, server.Address, reason, unlogged);
        }
    }

    private LogLimiter LimiterOf(Server server)
    {
        if (_limiters.TryGetValue(server.Id, out LogLimiter? limiter))
        {
            return limiter;
        }

        return _limiters.Count >= LimitersMax ? _shared : _limiters.GetOrAdd(server.Id, static (_, t) => new LogLimiter(t), time);
    }
}
