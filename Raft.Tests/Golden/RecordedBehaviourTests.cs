using Raft.Tests.Interop;
using Raft.Tests.Support;
using Raft.Tests.Transport;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Golden;

/// <summary>
/// What real Go servers answered to requests that were made by hand, in the order in which they were sent: the same bytes, sent to a
/// server of this library over TCP.
/// </summary>
public sealed class RecordedBehaviourTests
{
    [TestCase("1.1.2")]
    [TestCase("1.7.3")]
    [Reference("M5", "d06")]
    public async Task Requests_made_by_hand_are_answered_as_Go_answered_them(string version)
    {
        await using LibraryServer server = await LibraryServer.StartAsync(static _ => new RaftConfig { LocalId = "n1" });
        var answered = new List<string>();
        foreach (GoldenVector request in GoldenVector.All.Where(
            v => v.Version == version && v.Name.StartsWith("node_", StringComparison.Ordinal) && v.Direction == "request"))
        {
            GoldenVector recorded = GoldenVector.All.Single(v => v.Version == version && v.Name == request.Name[..^3] + "resp");
            byte[] bytes = await ExchangeAsync(server, request.Bytes, (RpcType)request.RpcTypeByte!);
            if (bytes.Length == 0)
            {
                answered.Add($"{request.Name}: closed");
                Assert.That(recorded.Bytes, Is.Empty, request.Name);
                continue;
            }

            (RpcResponse? response, string? error) = (await Decode.ResponsesAsync(bytes, (RpcType)request.RpcTypeByte!)).Single();
            answered.Add($"{request.Name}: {error} {response}");
            RequireAsRecorded(request.Name, response, error, recorded);
        }

        Assert.That(answered, Has.Count.EqualTo(10), string.Join('\n', answered));
    }

    [TestCase("ff", TestName = "A_type_that_does_not_exist_closes_the_connection")]
    [TestCase("0093010203", TestName = "A_request_as_an_array_closes_the_connection")]
    [TestCase("0181a45465726dff", TestName = "A_term_below_zero_closes_the_connection")]
    [TestCase("0181a45465726dcb3ff0000000000000", TestName = "A_broken_number_as_a_term_closes_the_connection")]
    [TestCase("00c1", TestName = "A_byte_that_is_no_msgpack_closes_the_connection")]
    [Reference("d06")]
    public async Task Bytes_that_Go_does_not_decode_close_the_connection(string hex)
    {
        await using LibraryServer server = await LibraryServer.StartAsync(static _ => new RaftConfig { LocalId = "n1" });

        Assert.That(await ExchangeAsync(server, Convert.FromHexString(hex), RpcType.AppendEntries), Is.Empty);
    }

    private static void RequireAsRecorded(string name, RpcResponse? response, string? error, GoldenVector recorded)
    {
        // A vote is asked for by nobody's leader here, and a server that does not vote is told to campaign by nobody (W28).
        if (name is "node_timeout_now_req")
        {
            Assert.That(error, Does.Contain("only a leader tells its own followers to campaign"));
            return;
        }

        // Go before 1.7 does not know pre-votes.
        if (recorded.Bytes.Length == 0)
        {
            Assert.That((name, recorded.IsGo11), Is.EqualTo(("node_pre_vote_req", true)));
            Assert.That(((RequestPreVoteResponse)response!).Granted, Is.False);
            return;
        }

        Assert.That(error ?? string.Empty, Is.EqualTo(recorded.Decoded.GetProperty("error").GetString()), name);

        // What comes with an error, nobody reads.
        if (error is null)
        {
            RpcResponse expected = GoldenMessages.Response(recorded, recorded.Decoded.GetProperty("response"))!;
            MessageAssert.AreEqual(response! with { Header = default }, expected with { Header = default });
            Assert.That(response.Header.Id, Is.EqualTo((ServerId)"n1"), name);
        }
    }

    private static async Task<byte[]> ExchangeAsync(LibraryServer server, byte[] request, RpcType type)
    {
        using RawPeer peer = await RawPeer.ConnectAsync(server.Address);
        return await peer.ExchangeAsync(request, async bytes => (await Decode.ResponsesAsync(bytes, type)).Count > 0);
    }
}
