using System.Net;
using System.Net.Sockets;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Node;

/// <summary>Looks whether an address can be listened on, before anything is written or founded.</summary>
internal static class PortCheck
{
    /// <summary>Refuses an address that is taken or not this machine's.</summary>
    /// <param name="endPoint">The address.</param>
    /// <param name="what">What the message calls it.</param>
    /// <param name="instead">What to give instead.</param>
    /// <exception cref="UsageException">It cannot be listened on.</exception>
    public static void RequireFree(IPEndPoint endPoint, string what, string instead)
    {
        using var listener = new TcpListener(endPoint);
        try
        {
            listener.Start();
        }
        catch (SocketException taken)
        {
            throw new UsageException($"raftkv: cannot listen on {what}: {taken.Message}; free it or give {instead}");
        }
    }
}
