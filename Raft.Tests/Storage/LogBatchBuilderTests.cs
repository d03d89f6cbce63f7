using Raft.Storage;

namespace Raft.Tests.Storage;

public sealed class LogBatchBuilderTests
{
    [Test]
    public void A_batch_takes_entries_as_long_as_there_is_room_for_their_bytes_however_many_were_expected()
    {
        var builder = new LogBatchBuilder();
        builder.Reserve(bytes: 10_000, entries: 3);
        int added = 0;
        for (ulong index = 1; TryAdd(builder, index, bytes: index == 1 ? 3000 : 20); index++)
        {
            added++;
        }

        Assert.That(builder.Length, Is.InRange(9800, 10_000));
        Assert.That(added, Is.GreaterThan(50));
        LogBatch batch = builder.Build();
        Assert.That((batch.FirstIndex, batch.Count, batch[added - 1].Data.Length), Is.EqualTo((1UL, added, 20)));
    }

    private static bool TryAdd(LogBatchBuilder builder, ulong index, int bytes)
    {
        LogBatch entry = LogBatchBuilder.Single(index, term: 2, LogType.Command, new byte[bytes], LogTimestamp.Zero);
        return builder.AddEncoded(entry.Encoded.Span, mayGrow: false, out _) == LogBatchBuilder.Addition.Done;
    }
}
