using System.Text;
using Raft.Storage;

namespace Raft.Testing.Contracts;

/// <summary>Makes entries whose content tells which they are, so that a wrong one is seen at once.</summary>
internal static class TestEntries
{
    /// <summary>Makes consecutive entries.</summary>
    /// <param name="firstIndex">The first index.</param>
    /// <param name="count">How many.</param>
    /// <param name="term">The term of all of them.</param>
    /// <param name="bytes">About how many bytes each has beside what names it.</param>
    public static LogBatch Batch(ulong firstIndex, int count, ulong term, int bytes = 0)
    {
        var builder = new LogBatchBuilder();
        for (ulong index = firstIndex; index < firstIndex + (ulong)count; index++)
        {
            byte[] data = Encoding.UTF8.GetBytes($"entry {index} of term {term}".PadRight(bytes, '.'));
            builder.Add(
                index, term, LogType.Command, appendedAt: [0xc0], data, isDataNil: false, extensions: default,
                isExtensionsNil: true);
        }

        return builder.Build();
    }

    /// <summary>One append of one batch.</summary>
    public static LogAppend Append(LogBatch batch, ulong commitIndex = 0) =>
        new([new LogSlice(batch)], batch.TermAt(batch.Count - 1), commitIndex);

    /// <summary>An entry as text, for comparing and for messages.</summary>
    public static string Text(LogEntry entry) => Encoding.UTF8.GetString(entry.Data.Span).TrimEnd('.');

    /// <summary>All that a store holds, as text.</summary>
    public static async Task<List<string>> AllAsync(ILogStore store, int bytesMax = 1 << 20)
    {
        var all = new List<string>();
        ulong next = store.FirstIndex;
        while (next != 0 && next <= store.LastIndex)
        {
            LogBatch batch = await store.ReadAsync(next, store.LastIndex, bytesMax);
            for (int i = 0; i < batch.Count; i++)
            {
                all.Add(Text(batch[i]));
            }

            next = batch.LastIndex + 1;
        }

        return all;
    }
}
