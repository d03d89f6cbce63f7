using Raft.Storage;

namespace Raft.Testing.Contracts;

/// <summary>Requests for the tests of a transport.</summary>
internal static class TestMessages
{
    public static readonly RpcHeader Asker = new(3, "asker", "10.0.0.1:7000");
    public static readonly RpcHeader Answerer = new(3, "answerer", "10.0.0.2:7000");

    /// <summary>An append with every field set.</summary>
    public static AppendEntriesRequest Append(ulong previousIndex, params LogSlice[] entries) => new(Asker)
    {
        Term = 9,
        Leader = Asker.Address,
        PreviousIndex = previousIndex,
        PreviousTerm = 8,
        LeaderCommitIndex = 5,
        Entries = entries,
    };

    /// <summary>Some entries, in a batch of their own.</summary>
    public static LogSlice Entries(ulong first, int count)
    {
        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, new LogTimestamp(63_000_000_000, 5, 3600, IsUtc: false))];
        for (int i = 0; i < count; i++)
        {
            byte[] data = [(byte)i, 1, 2];
            builder.Add(first + (ulong)i, 9, LogType.Command, stamp, data, isDataNil: false, data, isExtensionsNil: false);
        }

        return new LogSlice(builder.Build());
    }

    /// <summary>Entries as they are encoded, whatever their batches.</summary>
    public static string[] Flat(IReadOnlyList<LogSlice>? slices) =>
        [.. slices!.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => Convert.ToHexString(s[i].Encoded.Span)))];
}
