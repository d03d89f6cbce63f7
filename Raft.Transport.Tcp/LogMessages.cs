using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp;

/// <summary>The transport's log lines. Ids 2000 to 2099.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(2000, LogLevel.Information, "Listening on {EndPoint}, advertised as {Address}.")]
    public static partial void Listening(ILogger logger, string endPoint, ServerAddress address);

    [LoggerMessage(2001, LogLevel.Warning, "Accepting a connection failed; trying again in {Delay}.")]
    public static partial void AcceptFailed(ILogger logger, TimeSpan delay, Exception exception);

    [LoggerMessage(2002, LogLevel.Debug, "{Remote} connected.")]
    public static partial void Accepted(ILogger logger, string remote);

    [LoggerMessage(
        2003, LogLevel.Information,
        "Closing the connection of {Remote}, which sent what is no request: {Reason}. {Unlogged} more such lines were left out.")]
    public static partial void Malformed(ILogger logger, string remote, string reason, long unlogged);

    [LoggerMessage(2004, LogLevel.Debug, "The connection of {Remote} ended: {Reason}.")]
    public static partial void Ended(ILogger logger, string remote, string reason);

    [LoggerMessage(
        2005, LogLevel.Warning,
        "Closing the connection of {Remote}: all connections wait for memory, and it began its request last. "
        + "{Held} of {Max} bytes are held; raise DecodingBytesMax if this is no attack. "
        + "{Unlogged} more such lines were left out.")]
    public static partial void Evicted(ILogger logger, string remote, long held, long max, long unlogged);

    [LoggerMessage(
        2006, LogLevel.Error,
        "Closing the connection of {Remote}: one request has more than {Max} bytes, all that DecodingBytesMax allows. "
        + "Raise DecodingBytesMax. {Unlogged} more such lines were left out.")]
    public static partial void RequestTooLarge(ILogger logger, string remote, long max, long unlogged);

    [LoggerMessage(
        2007, LogLevel.Information,
        "Closing the connection of {Remote}: {What} made no progress for {Timeout}. {Unlogged} more such lines were left out.")]
    public static partial void Stalled(ILogger logger, string remote, string what, TimeSpan timeout, long unlogged);

    [LoggerMessage(2008, LogLevel.Error, "The connection of {Remote} failed in a way that should not be possible.")]
    public static partial void Unexpected(ILogger logger, string remote, Exception exception);

    [LoggerMessage(
        2009, LogLevel.Warning,
        "Closing the connection of {Remote}: {Max} are open already, all that ConnectionsMax allows. "
        + "{Unlogged} more such lines were left out.")]
    public static partial void Refused(ILogger logger, string remote, int max, long unlogged);

    [LoggerMessage(
        2010, LogLevel.Warning,
        "Closing the connection of {Remote}: {Max} snapshots are being received already, all that SnapshotsReceivedMax "
        + "allows. {Unlogged} more such lines were left out.")]
    public static partial void TooManySnapshots(ILogger logger, string remote, int max, long unlogged);

    [LoggerMessage(
        2011, LogLevel.Warning,
        "Where {Server} is reached could not be found out; the configuration's {Address} is dialled.")]
    public static partial void AddressNotFound(ILogger logger, ServerId server, ServerAddress address, Exception exception);

    [LoggerMessage(
        2012, LogLevel.Warning,
        "Listening on {EndPoint} WITHOUT TLS, and not on this machine alone: whoever reaches this port can read all that is replicated, "
        + "and can take part under the name of any server. Give TcpTransportOptions.StreamLayer a TlsStreamLayer, or listen on a "
        + "loopback address.")]
    public static partial void Unprotected(ILogger logger, string endPoint);

    [LoggerMessage(
        2013, LogLevel.Warning,
        "Closing the connection of {Remote}, which did not prove who it is: {Reason}. {Unlogged} more such lines were left out.")]
    public static partial void Unproven(ILogger logger, string remote, string reason, long unlogged);

    [LoggerMessage(
        2014, LogLevel.Warning,
        "Closing the connection of {Remote}, nothing of which reaches this node: {Reason}. {Unlogged} more such lines were left out.")]
    public static partial void NotAdmitted(ILogger logger, string remote, string reason, long unlogged);

    [LoggerMessage(
        2015, LogLevel.Warning,
        "{Server} was dialled at {Address} and is not spoken to: {Reason}. {Unlogged} more such lines were left out.")]
    public static partial void DialledUnproven(ILogger logger, ServerId server, ServerAddress address, string reason, long unlogged);

    [LoggerMessage(
        2016, LogLevel.Warning,
        "{Server} at {Address} refuses this server: {Reason}. {Unlogged} more such lines were left out.")]
    public static partial void DialledRefuses(ILogger logger, ServerId server, ServerAddress address, string reason, long unlogged);

    [LoggerMessage(2017, LogLevel.Information, "TLS certificate in force: {Identity}.")]
    public static partial void CredentialsInForce(ILogger logger, TlsIdentity identity);

    [LoggerMessage(
        2018, LogLevel.Error,
        "The new TLS certificate cannot be used: {Problem}. The one before stays in force: {Identity}.")]
    public static partial void CredentialsNotUsed(ILogger logger, string problem, TlsIdentity identity);

    [LoggerMessage(
        2019, LogLevel.Error, "Servers with the same authorities will refuse this server: {Reason}.")]
    public static partial void CredentialsDoubted(ILogger logger, string reason);
}
