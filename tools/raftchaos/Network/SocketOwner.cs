using System.Globalization;

namespace Raftchaos.Network;

/// <summary>Which process a loopback connection belongs to, as Linux tells: the bytes themselves may be encrypted.</summary>
internal static class SocketOwner
{
    private const int LocalField = 1;
    private const int RemoteField = 2;
    private const int InodeField = 9;

    /// <summary>The inode of the socket at one end of a connection.</summary>
    /// <param name="localPort">The end's own port.</param>
    /// <param name="remotePort">The other end's.</param>
    public static string? InodeOf(int localPort, int remotePort)
    {
        string local = $":{localPort.ToString("X4", CultureInfo.InvariantCulture)}";
        string remote = $":{remotePort.ToString("X4", CultureInfo.InvariantCulture)}";
        return File.ReadLines("/proc/net/tcp").Skip(1)
            .Concat(File.Exists("/proc/net/tcp6") ? File.ReadLines("/proc/net/tcp6").Skip(1) : [])
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(f => f[LocalField].EndsWith(local, StringComparison.Ordinal) && f[RemoteField].EndsWith(remote, StringComparison.Ordinal))
            ?[InodeField];
    }

    /// <summary>Whether a process has such a socket.</summary>
    public static bool Owns(int process, string inode)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Any(f => Target(f) == $"socket:[{inode}]");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            // Closed just now.
            return null;
        }
    }
}
