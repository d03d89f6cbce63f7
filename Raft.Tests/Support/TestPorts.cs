using System.Net;
using System.Net.Sockets;

namespace Raft.Tests.Support;

/// <summary>
/// Ports for real processes. They lie below those that the system gives to outgoing connections: such a connection could
/// take the port of a node that is down, or even meet itself there.
/// </summary>
internal static class TestPorts
{
    private const int First = 11_000;
    private const int Last = 31_000;

    private static readonly Lock Gate = new();
    private static int _next = Random.Shared.Next(First, Last);

    /// <summary>Ports side by side that nobody listens on, and that no other test of this run was given.</summary>
    /// <param name="count">How many.</param>
    public static int[] Take(int count)
    {
        lock (Gate)
        {
            while (true)
            {
                if (_next + count > Last)
                {
                    _next = First;
                }

                int[] ports = [.. Enumerable.Range(_next, count)];
                _next += count;
                if (ports.All(IsFree))
                {
                    return ports;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
