using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Raft.Membership;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>The bytes of <c>meta.json</c>: to the byte what hashicorp/raft 1.7 writes for the same values.</summary>
internal static class SnapshotMetaEncoding
{
    /// <summary>Version 0 tells of the voters' addresses only.</summary>
    private const int LegacyVersion = 0;

    /// <summary>Encodes what is known of a snapshot.</summary>
    /// <param name="meta">What is known.</param>
    /// <param name="crc">The checksum of its state; null as long as it is being written.</param>
    public static byte[] Encode(SnapshotMeta meta, ulong? crc)
    {
        var json = new StringBuilder();
        json.Append(CultureInfo.InvariantCulture, $"{{\"Version\":{SnapshotMeta.VersionWritten},\"ID\":").AppendGoString(meta.Id)
            .Append(CultureInfo.InvariantCulture, $",\"Index\":{meta.Index},\"Term\":{meta.Term}")
            .Append(CultureInfo.InvariantCulture, $",\"Peers\":\"{Convert.ToBase64String(LegacyPeers.Encode(meta.Point.Configuration))}\"")
            .Append(",\"Configuration\":{\"Servers\":");
        AppendServers(json, meta.Point.Configuration);
        json.Append(CultureInfo.InvariantCulture, $"}},\"ConfigurationIndex\":{meta.Point.ConfigurationIndex}")
            .Append(CultureInfo.InvariantCulture, $",\"Size\":{meta.Size},\"CRC\":{CrcText(crc)}}}\n");
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    /// <summary>Decodes the description of a complete snapshot. Fields that are not known are passed over.</summary>
    /// <exception cref="FormatException">It is none, or of a version that is not known.</exception>
    public static StoredSnapshot Decode(ReadOnlyMemory<byte> encoded)
    {
        try
        {
            using var document = JsonDocument.Parse(encoded);
            return Decode(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"its description is not what it should be: {failure.Message}", failure);
        }
    }

    private static StoredSnapshot Decode(JsonElement root)
    {
        int version = root.GetProperty("Version").GetInt32();
        ulong index = root.GetProperty("Index").GetUInt64();
        ulong term = root.GetProperty("Term").GetUInt64();
        long size = root.GetProperty("Size").GetInt64();
        if (version is < LegacyVersion or > SnapshotMeta.VersionWritten)
        {
            throw new FormatException($"its version {version} is not known");
        }

        if (size < 0)
        {
            throw new FormatException($"its size is {size}");
        }

        SnapshotPoint point = version == LegacyVersion
            ? new SnapshotPoint(index, term, LegacyPeers.Decode(root.GetProperty("Peers").GetBytesFromBase64()), index)
            : new SnapshotPoint(
                index, term, Configuration(root.GetProperty("Configuration")), root.GetProperty("ConfigurationIndex").GetUInt64());
        var meta = new SnapshotMeta(root.GetProperty("ID").GetString() ?? "", point, size) { Version = version };
        return new StoredSnapshot(meta, Crc(root.GetProperty("CRC")));
    }

    private static ClusterConfiguration Configuration(JsonElement configuration)
    {
        JsonElement servers = configuration.GetProperty("Servers");
        return servers.ValueKind == JsonValueKind.Null
            ? ClusterConfiguration.Empty : new ClusterConfiguration(servers.EnumerateArray().Select(DecodeServer).ToArray());
    }

    private static Server DecodeServer(JsonElement server)
    {
        int suffrage = server.GetProperty("Suffrage").GetInt32();
        return suffrage is >= (int)ServerSuffrage.Voter and <= (int)ServerSuffrage.Staging
            ? new Server(
                server.GetProperty("ID").GetString(), server.GetProperty("Address").GetString(), (ServerSuffrage)suffrage)
            : throw new FormatException($"{suffrage} is no suffrage");
    }

    private static ulong Crc(JsonElement crc) => crc.ValueKind == JsonValueKind.Null
        ? throw new FormatException("it was never complete")
        : crc.GetBytesFromBase64() is { Length: sizeof(ulong) } bytes
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : throw new FormatException("its checksum has not eight bytes");

    private static string CrcText(ulong? crc)
    {
        if (crc is null)
        {
            return "null";
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, crc.Value);
        return $"\"{Convert.ToBase64String(bytes)}\"";
    }

    private static void AppendServers(StringBuilder json, ClusterConfiguration configuration)
    {
        if (configuration.Servers.IsEmpty)
        {
            // Go's nil, which is what an empty configuration is there.
            json.Append("null");
            return;
        }

        for (int i = 0; i < configuration.Servers.Length; i++)
        {
            Server server = configuration.Servers[i];
            json.Append(i == 0 ? '[' : ',')
                .Append(CultureInfo.InvariantCulture, $"{{\"Suffrage\":{(int)server.Suffrage},\"ID\":")
                .AppendGoString(server.Id.Value ?? "").Append(",\"Address\":")
                .AppendGoString(server.Address.Value ?? "").Append('}');
        }

        json.Append(']');
    }
}
