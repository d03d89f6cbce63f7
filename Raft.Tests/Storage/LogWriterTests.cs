using Raft.Mutations;
using Raft.Observability;
using Raft.Storage;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Storage;

/// <summary>The only writer of the stores.</summary>
public sealed class LogWriterTests
{
    private const int Entries = 100_000;

    [Test]
    public void The_front_of_a_long_log_goes_step_by_step_and_each_step_shows_that_the_disk_answers()
    {
        var clock = new VirtualClock();
        var log = new SlowLog(clock);
        Assert.That(log.AppendAsync(new LogAppend([new LogSlice(Batch())], 1, 0)).IsCompletedSuccessfully, Is.True);
        var stores = new VirtualStores(clock);
        var time = new NodeClock(clock);
        var writer = new LogWriter(log, stores, time, new Durable(), durableTerm: 1, new RaftMeter(meter: null, time).Storage, Mutation.None);
        log.OnTruncate = () => log.BusyFor.Add(time.Now - writer.BusySince!.Value);

        writer.TruncatePrefix(Entries - 10);
        Task running = writer.RunAsync();
        writer.Stop();

        Assert.That(running.IsFaulted, Is.False);
        Assert.That(log.FirstIndex, Is.EqualTo(Entries - 9));
        Assert.That(log.BusyFor, Has.Count.EqualTo(64).And.All.EqualTo(TimeSpan.Zero), "no step counts for the next");
    }

    private static LogBatch Batch()
    {
        var builder = new LogBatchBuilder();
        for (ulong index = 1; index <= Entries; index++)
        {
            builder.Add(index, 1, LogType.Command, default, default, isDataNil: true, default, isExtensionsNil: true);
        }

        return builder.Build();
    }

    private sealed class Durable : IWriterEvents
    {
        public void LogDurable(ulong sequence)
        {
            // Looked at in the store.
        }

        public void RecordDurable(ulong sequence)
        {
            // None is written.
        }

        public void WriteFailed(Exception cause) => Assert.Fail(cause.ToString());
    }

    /// <summary>A log whose disk takes most of the time that a write may take for each step.</summary>
    private sealed class SlowLog(VirtualClock clock) : ILogStore
    {
        private readonly InMemoryLogStore _inner = new();

        public List<TimeSpan> BusyFor { get; } = [];

        public Action OnTruncate { get; set; } = () => { };

        public ulong FirstIndex => _inner.FirstIndex;

        public ulong LastIndex => _inner.LastIndex;

        public ValueTask AppendAsync(LogAppend append) => _inner.AppendAsync(append);

        public ValueTask TruncateSuffixAsync(ulong fromIndex) => _inner.TruncateSuffixAsync(fromIndex);

        public ValueTask TruncatePrefixAsync(ulong throughIndex)
        {
            OnTruncate();
            clock.Advance(TimeSpan.FromMilliseconds(600));
            return _inner.TruncatePrefixAsync(throughIndex);
        }

        public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax) => _inner.ReadAsync(fromIndex, throughIndex, bytesMax);
    }
}
