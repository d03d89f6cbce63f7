using System.Text;
using Raft.MsgPack;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>A length that is only claimed costs nothing, whichever message claims it and in whichever place.</summary>
public sealed class DecoderClaimTests
{
    private const int AllowanceBytes = 64 * 1024;

    /// <summary>A string, bytes, an extension, an array and a map, as long as can be said, and so long that signs may flip.</summary>
    private static readonly byte[][] Claims =
    [
        .. from code in (byte[])[0xdb, 0xc6, 0xc9, 0xdd, 0xdf]
           from high in (byte[])[0xff, 0x80, 0x7f]
           select (byte[])[code, high, 0xff, 0xff, 0xff, 0x01],
    ];

    private static IEnumerable<TestCaseData> RequestPlaces =>
        from message in (IEnumerable<(RpcType Type, Fields Fields)>)
        [
            (RpcType.AppendEntries, Fields.AppendRequest), (RpcType.RequestVote, Fields.VoteRequest),
            (RpcType.InstallSnapshot, Fields.SnapshotRequest), (RpcType.TimeoutNow, Fields.Header),
            (RpcType.RequestPreVote, Fields.PreVoteRequest), (RpcType.Ask, Fields.Ask),
        ]
        from place in Places(message.Fields).Concat(
            message.Type == RpcType.AppendEntries ? EntryPlaces() : [])
        select new TestCaseData((byte[])[(byte)message.Type, .. place.Bytes])
            .SetArgDisplayNames(message.Type.ToString(), place.Name);

    private static IEnumerable<TestCaseData> AnswerPlaces =>
        from message in (IEnumerable<(RpcType Type, Fields Fields)>)
        [
            (RpcType.AppendEntries, Fields.AppendResponse), (RpcType.RequestVote, Fields.VoteResponse),
            (RpcType.InstallSnapshot, Fields.SnapshotResponse), (RpcType.TimeoutNow, Fields.Header),
            (RpcType.RequestPreVote, Fields.PreVoteResponse), (RpcType.Ask, Fields.Ask),
        ]
        from place in Places(message.Fields).Append(("error", []))
        select new TestCaseData(message.Type.ToString(), place.Item1 == "error" ? [] : (byte[])[0xa0, .. place.Item2])
            .SetArgDisplayNames(message.Type.ToString(), place.Item1);

    [TestCaseSource(nameof(RequestPlaces))]
    public void A_claim_in_a_request_is_refused_or_waited_for_without_memory(byte[] before) =>
        Hold(before, static bytes => Decode.RequestsAsync(bytes, isEndClean: null), static requests => requests.Count);

    [TestCaseSource(nameof(AnswerPlaces))]
    public void A_claim_in_an_answer_is_refused_or_waited_for_without_memory(string type, byte[] before) =>
        Hold(before, bytes => AnswersAsync(bytes, Enum.Parse<RpcType>(type)), static count => count);

    private static void Hold<T>(byte[] before, Func<byte[], Task<T>> decode, Func<T, int> count)
    {
        foreach (byte[] claim in Claims)
        {
            byte[] bytes = [.. before, .. claim];
            string what = Convert.ToHexString(bytes);
            _ = decode(bytes).Exception;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            Task<T> run = decode(bytes);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

            Assert.That(run.IsCompleted, Is.True, "all ran on this thread, where allocations were counted");
            Assert.That(allocated, Is.LessThan(AllowanceBytes), what);
            if (run.IsFaulted)
            {
                Assert.That(run.Exception!.InnerException, Is.InstanceOf<MsgPackException>(), what);
            }
            else
            {
                Assert.That(count(run.GetAwaiter().GetResult()), Is.Zero, what);
            }
        }
    }

    private static async Task<int> AnswersAsync(byte[] bytes, RpcType type)
    {
        var decoder = new ResponseDecoder(Decode.EntryBytesMax);
        var buffer = new ReceiveBuffer(4 * 1024);
        using var connection = new ScriptedConnection(bytes);
        int count = 0;
        while (await buffer.FillAsync(connection) > 0)
        {
            while (decoder.TryDecode(buffer, type, out _, out _))
            {
                count++;
            }
        }

        decoder.Abandon();
        return count;
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Places(Fields fields)
    {
        yield return ("the message", []);
        yield return ("a key", [0x82]);
        foreach (string key in NamesOf(fields).Append("Unknown"))
        {
            yield return ($"{key}", [0x82, .. Key(key)]);
            yield return ($"{key}, within an array", [0x82, .. Key(key), 0x92]);
            yield return ($"{key}, within a map", [0x82, .. Key(key), 0x82, .. Key("a")]);
            yield return ($"{key}, deep", [0x82, .. Key(key), 0x91, 0x81, 0x01, 0x91, 0x81]);
        }
    }

    private static IEnumerable<(string Name, byte[] Bytes)> EntryPlaces()
    {
        byte[] entries = [0x81, .. Key("Entries"), 0x92];
        yield return ("an entry", entries);
        yield return ("an entry's key", [.. entries, 0x82]);
        foreach (string key in (string[])["Index", "Term", "Type", "Data", "Extensions", "AppendedAt", "Unknown"])
        {
            byte[] value = [.. entries, 0x82, .. Key(key)];
            yield return ($"an entry's {key}", value);
            yield return ($"an entry's {key}, within an array", [.. value, 0x92]);
            yield return ($"an entry's {key}, deep", [.. value, 0x91, 0x81, 0x01, 0x91, 0x81]);
            yield return ($"the second entry's {key}", [.. entries, 0x81, .. Key("Index"), 0x01, 0x82, .. Key(key)]);
        }
    }

    private static IEnumerable<string> NamesOf(Fields fields) =>
        from field in Enum.GetValues<Fields>()
        where System.Numerics.BitOperations.PopCount((uint)field) == 1 && fields.HasFlag(field)
        select field == Fields.Id ? "ID" : field.ToString();

    private static byte[] Key(string key) => [(byte)(0xa0 | key.Length), .. Encoding.UTF8.GetBytes(key)];
}
