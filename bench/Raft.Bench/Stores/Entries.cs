using Raft.Storage;

namespace Raft.Bench.Stores;

/// <summary>Makes entries to append.</summary>
internal static class Entries
{
    /// <summary>Consecutive commands.</summary>
    /// <param name="firstIndex">The index of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="dataBytes">How many bytes each command has.</param>
    public static LogAppend Append(ulong firstIndex, int count, int dataBytes)
    {
        var builder = new LogBatchBuilder();
        byte[] data = new byte[dataBytes];
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, new LogTimestamp(63_000_000_000, 0, 0, IsUtc: true))];
        for (int i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(data, firstIndex + (ulong)i);
            builder.Add(
                firstIndex + (ulong)i, 1, LogType.Command, stamp, data, isDataNil: false, extensions: default, isExtensionsNil: true);
        }

        return new LogAppend([new LogSlice(builder.Build())], CurrentTerm: 1, CommitIndex: firstIndex - 1);
    }
}
