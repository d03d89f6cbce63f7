using System.Text;
using Raft.MsgPack;

namespace Raft.Membership;

/// <summary>
/// The voters' addresses as a msgpack array, which are their ids too: all that snapshots of version 0, and entries of clusters
/// older than protocol version 2, say of the members.
/// </summary>
internal static class LegacyPeers
{
    /// <summary>Encodes the voters of a configuration; none are Go's nil.</summary>
    public static byte[] Encode(ClusterConfiguration configuration)
    {
        Server[] voters = [.. configuration.Servers.Where(server => server.IsVoter)];
        byte[] buffer = new byte[
            MsgPackWriter.HeaderBytesMax + voters.Sum(voter => MsgPackWriter.TextBytesMax(voter.Address.Value))];
        var writer = new MsgPackWriter(buffer);
        if (voters.Length == 0)
        {
            writer.Nil();
        }
        else
        {
            writer.ArrayHeader(voters.Length);
        }

        foreach (Server voter in voters)
        {
            writer.Text(voter.Address.Value ?? "");
        }

        return buffer[..writer.Length];
    }

    /// <summary>Decodes voters.</summary>
    /// <exception cref="FormatException">The bytes are no such array.</exception>
    public static ClusterConfiguration Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MsgPackReader(encoded);
        var voters = new List<Server>();
        for (long count = reader.ArrayHeader(); count > 0 && !reader.IsIncomplete; count--)
        {
            if (voters.Count == ConfigurationEncoding.ServersMax)
            {
                throw new MsgPackException($"more than {ConfigurationEncoding.ServersMax} peers");
            }

            string address = Encoding.UTF8.GetString(reader.Raw(ServerAddress.BytesMax, out _));
            voters.Add(new Server(address, address));
        }

        reader.RequireComplete();
        return new ClusterConfiguration(voters);
    }
}
