using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Observability;

/// <summary>J2: when the oldest entry of a log was appended.</summary>
public sealed class OldestEntryTests
{
    private static readonly LogTimestamp Stamp = new(1000, 0, 0, IsUtc: true);

    [Test]
    [Reference("J2")]
    public async Task An_empty_log_has_no_oldest_entry() =>
        Assert.That(await OldestEntry.ReadStampAsync(new InMemoryLogStore()), Is.Null);

    [Test]
    [Reference("J2")]
    public async Task The_stamp_is_that_of_the_first_entry()
    {
        var log = new ShrinkingLog(firstIndex: 5, failures: 0);

        Assert.That(await OldestEntry.ReadStampAsync(log), Is.EqualTo(Stamp with { Seconds = 1005 }));
    }

    [Test]
    public async Task An_entry_without_a_stamp_has_none()
    {
        var log = new InMemoryLogStore();
        await log.AppendAsync(new LogAppend([new LogSlice(Entry(1, LogTimestamp.Zero))], CurrentTerm: 1, CommitIndex: 0));

        Assert.That(await OldestEntry.ReadStampAsync(log), Is.Null);
    }

    [Test]
    [Reference("J2")]
    public async Task Entries_that_are_let_go_of_while_they_are_read_are_passed_over()
    {
        var log = new ShrinkingLog(firstIndex: 5, failures: 3);

        Assert.That(await OldestEntry.ReadStampAsync(log), Is.EqualTo(Stamp with { Seconds = 1008 }));
    }

    [Test]
    [Reference("J2")]
    public async Task An_entry_that_stays_and_cannot_be_read_is_tried_once()
    {
        var log = new ShrinkingLog(firstIndex: 5, failures: int.MaxValue) { IsStuck = true };

        Assert.That(await OldestEntry.ReadStampAsync(log), Is.Null);
        Assert.That(log.Reads, Is.EqualTo(1));
    }

    private static LogBatch Entry(ulong index, LogTimestamp stamp) =>
        LogBatchBuilder.Single(index, 1, LogType.Command, new byte[1], stamp);

    /// <summary>Lets go of its first entry whenever that is read, so many times.</summary>
    private sealed class ShrinkingLog(ulong firstIndex, int failures) : ILogStore
    {
        public bool IsStuck { get; init; }

        public int Reads { get; private set; }

        public ulong FirstIndex { get; private set; } = firstIndex;

        public ulong LastIndex => 100;

        public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
        {
            if (Reads++ >= failures)
            {
                return ValueTask.FromResult(Entry(fromIndex, Stamp with { Seconds = 1000 + (long)fromIndex }));
            }

            FirstIndex += IsStuck ? 0UL : 1;
            return ValueTask.FromException<LogBatch>(new LogNotFoundException("it was let go of"));
        }

        public ValueTask AppendAsync(LogAppend append) => throw new NotSupportedException();

        public ValueTask TruncateSuffixAsync(ulong fromIndex) => throw new NotSupportedException();

        public ValueTask TruncatePrefixAsync(ulong throughIndex) => throw new NotSupportedException();
    }
}
