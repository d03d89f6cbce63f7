using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>An address as it is written on a command line: a name or IP address, and a port.</summary>
/// <param name="Host">The name or IP address; an IPv6 address without its brackets.</param>
/// <param name="Port">The port; 0 for any.</param>
internal sealed record HostPort(string Host, int Port)
{
    /// <summary>Whether it stands for all addresses of the machine, and so can be listened on but not dialled.</summary>
    public bool IsWildcard => IPAddress.TryParse(Host, out IPAddress? ip)
        && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));

    /// <summary>Reads an address.</summary>
    public static bool TryParse(string text, out HostPort? address)
    {
        address = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > ushort.MaxValue)
        {
            return false;
        }

        string host = text[..colon];
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        host = isBracketed ? host[1..^1] : host;
        bool isIPv6 = IPAddress.TryParse(host, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;
        if (isBracketed != isIPv6 || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return false;
        }

        address = new HostPort(host, port);
        return true;
    }

    /// <summary>The end point to listen on.</summary>
    /// <exception cref="UsageException">The name is not known.</exception>
    public IPEndPoint Resolve()
    {
        if (IPAddress.TryParse(Host, out IPAddress? ip))
        {
            return new IPEndPoint(ip, Port);
        }

        try
        {
            IPAddress[] found = Dns.GetHostAddresses(Host);
            return new IPEndPoint(
                found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found[0], Port);
        }
        catch (Exception failure) when (failure is SocketException or IndexOutOfRangeException)
        {
            throw new UsageException($"raftkv: cannot listen on {this}: the name {Host} is not known here; give an address of this machine");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
