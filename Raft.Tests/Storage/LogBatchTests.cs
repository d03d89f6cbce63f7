using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Raft.Storage;

namespace Raft.Tests.Storage;

/// <summary>What a batch keeps of its entries, and how much memory that takes.</summary>
public sealed class LogBatchTests
{
    private static readonly int?[] Lengths = [null, 0, 1, 31, 32, 255, 256, 65535, 65536];

    [Test]
    public void An_entry_takes_24_bytes_beside_its_own() => Assert.That(Unsafe.SizeOf<EntryLayout>(), Is.EqualTo(24));

    [Test]
    public void An_entry_takes_as_many_bytes_as_is_said_beforehand_and_its_parts_are_found_again(
        [Values(1UL, 127UL, 128UL, 255UL, 256UL, 65536UL, 1UL << 40)] ulong index, [Values(0, 9, 16)] int stampLength)
    {
        foreach (int? dataLength in Lengths)
        {
            foreach (int? extensionsLength in Lengths)
            {
                byte[] data = Bytes(dataLength ?? 0, 1);
                byte[] extensions = Bytes(extensionsLength ?? 0, 2);
                var fields = new EntryFields
                {
                    Term = index + 3,
                    Type = LogType.Command,
                    DataLength = dataLength ?? -1,
                    ExtensionsLength = extensionsLength ?? -1,
                };
                int[] sizes = [LogEncoding.SizeOf(index, fields, stampLength), LogEncoding.SizeOf(index + 1, fields, stampLength)];
                var builder = new LogBatchBuilder();
                builder.Reserve(sizes.Sum(), 2);
                for (ulong i = 0; i < 2; i++)
                {
                    builder.Add(
                        index + i, index + 3, LogType.Command, Stamp(stampLength), data, isDataNil: dataLength is null, extensions,
                        isExtensionsNil: extensionsLength is null);
                }

                LogBatch batch = builder.Build();
                Assert.That(new[] { batch.EncodedAt(0).Length, batch.EncodedAt(1).Length }, Is.EqualTo(sizes));
                Assert.That(Array(batch), Has.Length.EqualTo(sizes.Sum()), "no more than was reserved");
                foreach (LogBatch read in new[] { batch, LogEncoding.Decode(batch.Encoded) })
                {
                    Assert.That(read[1].Data.Span.SequenceEqual(data), Is.True);
                    Assert.That(read[1].Extensions.Span.SequenceEqual(extensions), Is.True);
                    Assert.That((read[1].Index, read[1].Term, read[1].Type), Is.EqualTo((index + 1, index + 3, LogType.Command)));
                    Assert.That(read.Layout(1).DataLength, Is.EqualTo(dataLength ?? -1));
                    Assert.That(read.Layout(1).ExtensionsLength, Is.EqualTo(extensionsLength ?? -1));
                }
            }
        }
    }

    [Test]
    public void An_entry_without_its_first_bytes_is_the_same_but_for_them()
    {
        var builder = new LogBatchBuilder();
        builder.Add(5, 1, LogType.Command, default, Bytes(10, 1), isDataNil: false, default, isExtensionsNil: true);
        builder.Add(6, 2, LogType.Command, default, Bytes(20, 2), isDataNil: false, default, isExtensionsNil: true);
        LogEntry entry = builder.Build()[1];

        LogEntry rest = entry.WithoutFirst(4).WithoutFirst(3);

        Assert.That(rest.Data.ToArray(), Is.EqualTo(Bytes(20, 2)[7..]));
        Assert.That((rest.Index, rest.Term, rest.Type), Is.EqualTo((entry.Index, entry.Term, entry.Type)));
        Assert.That(rest.Encoded.Span.SequenceEqual(entry.Encoded.Span), Is.True);
        Assert.That(() => entry.WithoutFirst(21), Throws.TypeOf<RaftFatalException>());
        Assert.That(entry.WithoutFirst(20).Data.IsEmpty, Is.True);
    }

    private static byte[] Bytes(int count, byte seed) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 7) + seed))];

    private static byte[] Stamp(int length)
    {
        byte[] stamp = new byte[LogEncoding.TimestampBytesMax];
        var time = new LogTimestamp(63_000_000_000, 5, 0, IsUtc: true);
        return length switch
        {
            0 => [],
            16 => stamp[..LogTimestampEncoding.Write(stamp, time)],
            _ => stamp[..LogTimestampEncoding.Write(stamp, time, LogTimeFormat.Timestamp)],
        };
    }

    private static byte[] Array(LogBatch batch) =>
        MemoryMarshal.TryGetArray(batch.Encoded, out ArraySegment<byte> segment) ? segment.Array! : [];
}
