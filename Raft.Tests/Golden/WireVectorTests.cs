using System.Text;
using System.Text.Json;
using Raft.MsgPack;
using Raft.Tests.Support;
using Raft.Tests.Transport;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Golden;

/// <summary>What hashicorp/raft 1.1.2 and 1.7.3 write and take, byte for byte.</summary>
public sealed class WireVectorTests
{
    private static IEnumerable<GoldenVector> Requests => GoldenVector.Requests;

    private static IEnumerable<GoldenVector> GoRequests => GoldenVector.Requests.Where(v => v.IsGoEncoded);

    private static IEnumerable<GoldenVector> Responses => GoldenVector.Responses;

    private static IEnumerable<GoldenVector> GoResponses => GoldenVector.Responses.Where(v => v.IsGoEncoded);

    private static IEnumerable<GoldenVector> Configurations =>
        GoldenVector.All.Where(v => v.Source == "EncodeConfiguration");

    private static IEnumerable<GoldenVector> SnapshotMetas =>
        GoldenVector.All.Where(v => v.Name == "snapshot_dir_meta_json");

    private static IEnumerable<GoldenVector> UnknownTypes => GoldenVector.All.Where(v => v.RpcTypeByte == 9 && v.Bytes.Length > 0);

    [TestCaseSource(nameof(Requests))]
    [Reference("d06", "a44")]
    public async Task A_request_decodes_to_its_fields_however_it_arrives(GoldenVector vector)
    {
        foreach (int pieceBytes in (int[])[int.MaxValue, 1, 7])
        {
            var bodies = new List<byte>();
            List<RpcRequest> requests = await Decode.RequestsAsync(vector.Bytes, pieceBytes, isEndClean: null, bodies);

            JsonElement[] expected = [.. vector.Messages];
            Assert.That(requests, Has.Count.EqualTo(expected.Length));
            Assert.That(bodies, Is.EqualTo(vector.Body), "the state of a snapshot, where the vector has one");
            for (int i = 0; i < expected.Length; i++)
            {
                MessageAssert.AreEqual(requests[i], GoldenMessages.Request(vector, expected[i]));
            }
        }
    }

    [TestCaseSource(nameof(GoRequests))]
    [Reference("c19", "d06", "a44")]
    public void A_request_encodes_to_the_bytes_that_Go_wrote(GoldenVector vector)
    {
        var frame = new RequestFrame(Dialect(vector));
        var bytes = new List<byte>();
        foreach (JsonElement message in vector.Messages)
        {
            frame.Encode(GoldenMessages.Request(vector, message));
            foreach (ReadOnlyMemory<byte> segment in frame.Segments)
            {
                bytes.AddRange(segment.Span);
            }
        }

        bytes.AddRange(vector.Body);
        Assert.That(Convert.ToHexString([.. bytes]), Is.EqualTo(Convert.ToHexString(vector.Bytes)));
    }

    [TestCaseSource(nameof(Responses))]
    [Reference("a44")]
    public async Task An_answer_decodes_to_its_fields_however_it_arrives(GoldenVector vector)
    {
        foreach (int pieceBytes in (int[])[int.MaxValue, 1, 7])
        {
            List<(RpcResponse? Response, string? Error)> answers =
                await Decode.ResponsesAsync(vector.Bytes, (RpcType)vector.RpcTypeByte!, pieceBytes);

            JsonElement[] expected = [.. vector.Messages];
            Assert.That(answers, Has.Count.EqualTo(expected.Length));
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.That(answers[i].Error ?? "", Is.EqualTo(expected[i].GetProperty("error").GetString()));
                if (GoldenMessages.Response(vector, expected[i].GetProperty("response")) is { } response)
                {
                    MessageAssert.AreEqual(answers[i].Response!, response);
                }
                else
                {
                    Assert.That(answers[i].Response!.Header, Is.EqualTo(default(RpcHeader)), "nil is a message of zeros");
                }
            }
        }
    }

    [TestCaseSource(nameof(GoResponses))]
    [Reference("d06", "a44")]
    public void An_answer_encodes_to_the_bytes_that_Go_wrote(GoldenVector vector)
    {
        var bytes = new List<byte>();
        foreach (JsonElement message in vector.Messages)
        {
            RpcResponse? response = GoldenMessages.Response(vector, message.GetProperty("response"));
            string error = message.GetProperty("error").GetString()!;
            byte[] buffer = new byte[ResponseEncoder.BytesMax(response, error)];
            int length = ResponseEncoder.Write(buffer, response, error, Dialect(vector));
            bytes.AddRange(buffer.AsSpan(0, length));
        }

        Assert.That(Convert.ToHexString([.. bytes]), Is.EqualTo(Convert.ToHexString(vector.Bytes)));
    }

    [TestCaseSource(nameof(Configurations))]
    [Reference("D18", "d12")]
    public void A_configuration_decodes_to_its_servers_and_encodes_to_the_bytes_that_Go_wrote(GoldenVector vector)
    {
        ClusterConfiguration configuration = ConfigurationEncoding.Decode(vector.Bytes);

        JsonElement servers = vector.Decoded.GetProperty("Servers");
        bool isNil = servers.ValueKind == JsonValueKind.Null;
        Assert.That(configuration, Is.EqualTo(isNil ? ClusterConfiguration.Empty : ServersOf(servers)));
        Assert.That(ConfigurationEncoding.Encode(configuration, isEmptyNil: isNil), Is.EqualTo(vector.Bytes));
    }

    [TestCaseSource(nameof(SnapshotMetas))]
    public void The_peers_of_a_snapshot_are_the_voters_addresses_as_a_msgpack_array(GoldenVector vector)
    {
        using var meta = JsonDocument.Parse(vector.Bytes);
        ClusterConfiguration configuration = ServersOf(meta.RootElement.GetProperty("Configuration").GetProperty("Servers"));

        var reader = new MsgPackReader(meta.RootElement.GetProperty("Peers").GetBytesFromBase64());
        var peers = new List<string>();
        for (long left = reader.ArrayHeader(); left > 0; left--)
        {
            peers.Add(Encoding.UTF8.GetString(reader.Raw(100, out _)));
        }

        Assert.That(peers, Is.EqualTo(configuration.Servers.Where(s => s.IsVoter).Select(s => s.Address.Value)));
    }

    [TestCaseSource(nameof(UnknownTypes))]
    [Reference("d06", "g04")]
    public void A_type_of_RPC_that_does_not_exist_is_refused(GoldenVector vector) =>
        Assert.That(async () => await Decode.RequestsAsync(vector.Bytes), Throws.InstanceOf<FormatException>());

    [Test]
    public void Every_vector_with_bytes_is_held_to_by_one_of_these_tests()
    {
        IEnumerable<GoldenVector> left = GoldenVector.All
            .Except([.. Requests, .. Responses, .. Configurations, .. SnapshotMetas, .. UnknownTypes])
            .Where(v => v.Bytes.Length > 0);

        // The state of a snapshot is the application's bytes: no codec of ours reads it.
        Assert.That(left.Select(v => v.Name).Distinct(), Is.EqualTo(new[] { "snapshot_dir_state_bin" }));
    }

    private static WireDialect Dialect(GoldenVector vector) => vector.IsGo11 ? WireDialect.Go11 : WireDialect.Go17;

    private static ClusterConfiguration ServersOf(JsonElement servers) => new(servers.EnumerateArray().Select(s => new Server(
        s.GetProperty("ID").GetString(),
        s.GetProperty("Address").GetString(),
        (ServerSuffrage)s.GetProperty("Suffrage").GetInt32())));
}
