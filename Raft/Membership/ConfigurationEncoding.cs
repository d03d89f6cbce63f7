using System.Text;
using Raft.MsgPack;

namespace Raft;

/// <summary>
/// The bytes of a configuration, as they stand in an entry of type <see cref="LogType.Configuration"/> and in what a leader
/// sends along with a snapshot: a msgpack map with the servers, as Go writes it.
/// </summary>
public static class ConfigurationEncoding
{
    /// <summary>The most servers that a configuration is read with.</summary>
    internal const int ServersMax = 4096;

    private const int TextBytesMax = ServerId.BytesMax;

    /// <summary>Encodes a configuration. It is not validated.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Encode(ClusterConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Encode(configuration, isEmptyNil: true);
    }

    /// <summary>Decodes a configuration. It is not validated.</summary>
    /// <param name="encoded">The bytes; what follows the map is not looked at, as in Go.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="FormatException">The bytes are no configuration.</exception>
    public static ClusterConfiguration Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MsgPackReader(encoded);
        var servers = new List<Server>();
        for (long pairs = reader.MapHeader(); pairs > 0 && !reader.IsIncomplete; pairs--)
        {
            if (!reader.Raw(TextBytesMax, out _).SequenceEqual("Servers"u8))
            {
                reader.Skip();
                continue;
            }

            long count = reader.ArrayHeader();
            if (count > ServersMax)
            {
                throw new MsgPackException($"a configuration of {count} servers is over the limit of {ServersMax}");
            }

            for (; count > 0 && !reader.IsIncomplete; count--)
            {
                servers.Add(DecodeServer(ref reader));
            }
        }

        reader.RequireComplete();
        return new ClusterConfiguration(servers);
    }

    /// <summary>Encodes a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="isEmptyNil">Whether no servers are written as Go's nil, rather than as an empty array.</param>
    internal static byte[] Encode(ClusterConfiguration configuration, bool isEmptyNil)
    {
        int size = 16;
        foreach (Server server in configuration.Servers)
        {
            size += 64 + Encoding.UTF8.GetByteCount(server.Id.Value ?? "") + Encoding.UTF8.GetByteCount(server.Address.Value ?? "");
        }

        byte[] buffer = new byte[size];
        var writer = new MsgPackWriter(buffer);
        writer.MapHeader(1);
        writer.Raw("Servers"u8);
        if (configuration.Servers.IsEmpty && isEmptyNil)
        {
            writer.Nil();
        }
        else
        {
            writer.ArrayHeader(configuration.Servers.Length);
        }

        foreach (Server server in configuration.Servers)
        {
            writer.MapHeader(3);
            writer.Raw("Address"u8);
            writer.Raw(Encoding.UTF8.GetBytes(server.Address.Value ?? ""));
            writer.Raw("ID"u8);
            writer.Raw(Encoding.UTF8.GetBytes(server.Id.Value ?? ""));
            writer.Raw("Suffrage"u8);
            writer.Signed((int)server.Suffrage);
        }

        return buffer[..writer.Length];
    }

    private static Server DecodeServer(ref MsgPackReader reader)
    {
        string id = "";
        string address = "";
        long suffrage = 0;
        for (long pairs = reader.MapHeader(); pairs > 0 && !reader.IsIncomplete; pairs--)
        {
            ReadOnlySpan<byte> key = reader.Raw(TextBytesMax, out _);
            if (key.SequenceEqual("ID"u8))
            {
                id = Encoding.UTF8.GetString(reader.Raw(TextBytesMax, out _));
            }
            else if (key.SequenceEqual("Address"u8))
            {
                address = Encoding.UTF8.GetString(reader.Raw(TextBytesMax, out _));
            }
            else if (key.SequenceEqual("Suffrage"u8))
            {
                suffrage = reader.Signed();
            }
            else
            {
                reader.Skip();
            }
        }

        return suffrage is >= 0 and <= 2
            ? new Server(id, address, (ServerSuffrage)suffrage)
            : throw new MsgPackException($"{suffrage} is no suffrage");
    }
}
