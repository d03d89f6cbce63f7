using Microsoft.Extensions.Logging;

namespace Raft.Stores.Wal;

/// <summary>The stores' log lines. Ids 3000 to 3099.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(3000, LogLevel.Warning, "{Path} is no snapshot that can be read, and is left out: {Reason}")]
    public static partial void SnapshotLeftOut(this ILogger logger, string path, string reason);

    [LoggerMessage(3001, LogLevel.Information, "{Path} is a snapshot that was never complete, or was being deleted, and is removed")]
    public static partial void UnfinishedSnapshotRemoved(this ILogger logger, string path);

    [LoggerMessage(3002, LogLevel.Warning, "{Path} cannot be removed: {Reason}")]
    public static partial void SnapshotNotRemoved(this ILogger logger, string path, string reason);
}
