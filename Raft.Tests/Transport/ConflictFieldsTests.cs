using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>What an answer tells a leader of this library beside what Go tells.</summary>
public sealed class ConflictFieldsTests
{
    private static readonly AppendEntriesResponse Refusal = new(new RpcHeader(3, "n1", "a:1"))
    {
        Term = 7,
        LastLog = 40,
        NoRetryBackoff = true,
    };

    [TestCase(null, 0ul)]
    [TestCase(0ul, 0ul)]
    [TestCase(30ul, 5ul)]
    [TestCase(ulong.MaxValue, ulong.MaxValue)]
    public async Task They_are_read_back_in_any_pieces(ulong? index, ulong term)
    {
        AppendEntriesResponse answer = Refusal with { ConflictIndex = index, ConflictTerm = term };
        byte[] bytes = new byte[ResponseEncoder.BytesMax(answer, null)];
        int length = ResponseEncoder.Write(bytes, answer, null, WireDialect.Go17);

        foreach (int pieceBytes in new[] { 1, 7, 1000 })
        {
            (RpcResponse? read, string? error) =
                (await Decode.ResponsesAsync(bytes.AsMemory(0, length), RpcType.AppendEntries, pieceBytes)).Single();
            Assert.That((read, error), Is.EqualTo(((RpcResponse)answer, default(string))));
        }
    }

    [Test]
    public void Where_nothing_is_told_the_bytes_are_as_Go_has_them()
    {
        byte[] bytes = new byte[ResponseEncoder.BytesMax(Refusal, null)];
        int length = ResponseEncoder.Write(bytes, Refusal with { ConflictTerm = 5 }, null, WireDialect.Go17);

        Assert.That(bytes.AsSpan(0, length).IndexOf("Conflict"u8), Is.EqualTo(-1));
    }
}
