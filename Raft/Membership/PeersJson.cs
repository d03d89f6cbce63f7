using System.Text;
using System.Text.Json;

namespace Raft;

/// <summary>
/// Reads the file in which an administrator of hashicorp/raft names the members that a cluster is to be recovered with
/// (<c>peers.json</c>). No node reads such a file by itself: its configuration is given to
/// <see cref="RaftNode.RecoverClusterAsync(RaftConfig, IFsm, ILogStore, IStableStore, ISnapshotStore, ClusterConfiguration, bool)"/>.
/// </summary>
/// <remarks>
/// As in Go's decoder, properties that are not known are passed over (other programs keep notes of their own in the same
/// file), names count in any case, null is as if nothing were there, and of a name that stands twice the last one counts.
/// Two things are kinder here: a byte order mark may stand in front, which editors write unasked, and what follows the list
/// is refused rather than passed over, as it is what a file looks like that was edited halfway.
/// </remarks>
public static class PeersJson
{
    /// <summary>The most members that a file may name.</summary>
    public const int ServersMax = 4096;

    private const string AddressName = "address";
    private const string IdName = "id";
    private const string NonvoterName = "non_voter";

    /// <summary>Reads either form, told apart by the first thing in the list.</summary>
    /// <param name="json">The file, in UTF-8.</param>
    /// <returns>The members; a cluster can run on them.</returns>
    /// <exception cref="FormatException">The file cannot be used; the message says why, and where it can be told.</exception>
    public static ClusterConfiguration Parse(ReadOnlySpan<byte> json) => Parse(json, Form.Any);

    /// <summary>Reads the older form: a list of addresses, <c>["10.0.0.1:7000"]</c>. All vote, and each address is the id too.</summary>
    /// <param name="json">The file, in UTF-8.</param>
    /// <returns>The members; a cluster can run on them.</returns>
    /// <exception cref="FormatException">The file cannot be used; the message says why, and where it can be told.</exception>
    public static ClusterConfiguration ParsePeers(ReadOnlySpan<byte> json) => Parse(json, Form.Peers);

    /// <summary>
    /// Reads the newer form: a list of servers, <c>[{"id": "n1", "address": "10.0.0.1:7000", "non_voter": false}]</c>. Who
    /// says nothing of <c>non_voter</c> votes.
    /// </summary>
    /// <param name="json">The file, in UTF-8.</param>
    /// <returns>The members; a cluster can run on them.</returns>
    /// <exception cref="FormatException">The file cannot be used; the message says why, and where it can be told.</exception>
    public static ClusterConfiguration ParseConfiguration(ReadOnlySpan<byte> json) => Parse(json, Form.Configuration);

    private static ClusterConfiguration Parse(ReadOnlySpan<byte> json, Form form)
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        ReadOnlySpan<byte> text = json.StartsWith(mark) ? json[mark.Length..] : json;
        var reader = new Utf8JsonReader(text);
        try
        {
            ClusterConfiguration configuration = ReadList(text, ref reader, form);
            configuration.Validate();
            return configuration;
        }
        catch (JsonException wrong)
        {
            // The message ends with the place, counted from 0, which nobody does who looks at a file.
            string why = wrong.Message.Split(" LineNumber:")[0];
            throw new FormatException(
                $"The peers file is no JSON at line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}: {why}", wrong);
        }
        catch (InvalidOperationException wrong)
        {
            // Bytes that are no UTF-8, or half of a surrogate pair, are seen only when a text is taken.
            throw new FormatException($"The peers file is no UTF-8 at {Place(text, reader.TokenStartIndex)}.", wrong);
        }
        catch (ArgumentException wrong)
        {
            throw new FormatException($"The peers file names no cluster that can run. {wrong.Message}", wrong);
        }
    }

    private static ClusterConfiguration ReadList(ReadOnlySpan<byte> text, ref Utf8JsonReader reader, Form form)
    {
        var servers = new List<Server>();
        Require(reader.Read() && reader.TokenType == JsonTokenType.StartArray, text, reader, "a list of servers");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(servers.Count < ServersMax, text, reader, $"the end of the list, which has {ServersMax} servers at most,");
            if (form == Form.Any)
            {
                form = reader.TokenType == JsonTokenType.String ? Form.Peers : Form.Configuration;
            }

            servers.Add(form == Form.Peers ? ReadPeer(text, ref reader) : ReadServer(text, ref reader));
        }

        // The reader itself refuses anything behind the list but white space.
        reader.Read();
        return new ClusterConfiguration(servers);
    }

    private static Server ReadPeer(ReadOnlySpan<byte> text, ref Utf8JsonReader reader)
    {
        Require(reader.TokenType == JsonTokenType.String, text, reader, "an address in quotes");
        string? address = reader.GetString();
        return new Server(address, address);
    }

    private static Server ReadServer(ReadOnlySpan<byte> text, ref Utf8JsonReader reader)
    {
        Require(reader.TokenType == JsonTokenType.StartObject, text, reader, "a server in braces");
        string? id = null;
        string? address = null;
        bool isNonvoter = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (Is(name, IdName))
            {
                id = ReadText(text, ref reader) ?? id;
            }
            else if (Is(name, AddressName))
            {
                address = ReadText(text, ref reader) ?? address;
            }
            else if (Is(name, NonvoterName) && reader.TokenType != JsonTokenType.Null)
            {
                Require(
                    reader.TokenType is JsonTokenType.True or JsonTokenType.False, text, reader, $"true or false for {NonvoterName}");
                isNonvoter = reader.GetBoolean();
            }
            else
            {
                reader.Skip();
            }
        }

        return new Server(id, address, isNonvoter ? ServerSuffrage.Nonvoter : ServerSuffrage.Voter);
    }

    private static string? ReadText(ReadOnlySpan<byte> text, ref Utf8JsonReader reader)
    {
        Require(reader.TokenType is JsonTokenType.String or JsonTokenType.Null, text, reader, "a text in quotes");
        return reader.GetString();
    }

    private static bool Is(string name, string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);

    private static void Require(bool condition, ReadOnlySpan<byte> text, in Utf8JsonReader reader, string expected)
    {
        if (!condition)
        {
            throw new FormatException($"The peers file cannot be used: at {Place(text, reader.TokenStartIndex)}, {expected} should stand.");
        }
    }

    private static string Place(ReadOnlySpan<byte> text, long offset)
    {
        ReadOnlySpan<byte> before = text[..(int)Math.Min(offset, text.Length)];
        return $"line {before.Count((byte)'\n') + 1}, byte {before.Length - before.LastIndexOf((byte)'\n')}";
    }

    private enum Form
    {
        Any,
        Peers,
        Configuration,
    }
}
