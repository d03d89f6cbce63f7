using System.Text;

namespace Raft.Tests.Transport;

/// <summary>What a request may look like beside what Go writes today, as its own decoder takes it.</summary>
public sealed class DecoderToleranceTests
{
    [TestCase("83 a45465726d 07 ac4c6173744c6f67496e646578 0c a943616e646964617465 a3613a31", TestName = "Missing keys are zero")]
    [TestCase("de0003 a943616e646964617465 a3613a31 a45465726d 07 ac4c6173744c6f67496e646578 0c", TestName = "Keys come in any order, in a wide map")]
    [TestCase("83 a45465726d cd0007 ac4c6173744c6f67496e646578 d3000000000000000c a943616e646964617465 c403613a31", TestName = "Numbers may be wide and texts binary")]
    [TestCase("83 d9045465726d 07 ac4c6173744c6f67496e646578 0c a943616e646964617465 d903613a31", TestName = "Keys and texts may be str8")]
    [TestCase("85 a45465726d 07 a3466f6f 82 01 92 c0 c3 02 c403aabbcc ac4c6173744c6f67496e646578 0c a943616e646964617465 a3613a31 a444617461 81 01 02", TestName = "Unknown keys are skipped at any depth, and those of other messages too")]
    [TestCase("86 a45465726d 07 ac4c6173744c6f67496e646578 0c a943616e646964617465 a3613a31 a441646472 c0 a24944 c0 ab4c6173744c6f675465726d c0", TestName = "Nil is zero")]
    public async Task A_vote(string hex)
    {
        byte[] bytes = [1, .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))];

        foreach (int pieceBytes in (int[])[int.MaxValue, 1])
        {
            RpcRequest request = (await Decode.RequestsAsync(bytes, pieceBytes)).Single();

            Assert.That(request, Is.EqualTo(new RequestVoteRequest(new RpcHeader(0, default, default))
            {
                Term = 7,
                LastLogIndex = 12,
                Candidate = "a:1",
            }));
        }
    }

    [Test]
    public async Task Keys_are_case_sensitive()
    {
        byte[] bytes = [1, 0x81, 0xa4, .. Encoding.ASCII.GetBytes("term"), 7];

        var request = (RequestVoteRequest)(await Decode.RequestsAsync(bytes)).Single();

        Assert.That(request.Term, Is.Zero);
    }

    [Test]
    public async Task Nil_for_a_whole_request_is_a_request_of_zeros()
    {
        List<RpcRequest> requests = await Decode.RequestsAsync(new byte[] { 0, 0xc0, 1, 0xc0, 3, 0xc0 });

        Assert.That(requests[0], Is.EqualTo(new AppendEntriesRequest(default(RpcHeader))));
        Assert.That(requests[1], Is.EqualTo(new RequestVoteRequest(default(RpcHeader))));
        Assert.That(requests[2], Is.EqualTo(new TimeoutNowRequest(default(RpcHeader))));
    }

    [Test]
    public async Task An_append_passes_over_a_large_unknown_value_without_keeping_it()
    {
        byte[] bytes =
        [
            0, 0x82, 0xa3, .. "Foo"u8, 0xdb, 0x00, 0x0f, 0x00, 0x00, .. new byte[0x0f0000],
            0xa4, .. "Term"u8, 9,
        ];

        var request = (AppendEntriesRequest)(await Decode.RequestsAsync(bytes, pieceBytes: 10_000)).Single();

        Assert.That(request.Term, Is.EqualTo(9));
    }
}
