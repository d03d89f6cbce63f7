using Raft.Fsm;
using Raft.Observability;
using Raft.Tests.Support;
using Raft.Tests.Transport;
using Raft.Timing;

namespace Raft.Tests.Fsm;

/// <summary>A restore that takes long says how far it is.</summary>
public sealed class RestoreWatchTests
{
    [TestCase(9, new string[0])]
    [TestCase(25, new[] { "10 bytes in 00:00:10", "20 bytes in 00:00:20" })]
    [Reference("H3")]
    public async Task A_line_is_written_every_ten_seconds(int seconds, string[] expected)
    {
        using var log = new LogLines();
        var time = new ManualClock();
        var clock = new NodeClock(time);
        var watch = new RestoreWatch("n1", clock, new RaftMeter(meter: null, clock).Fsm.Restore, log);

        await SnapshotRestore.RunAsync(
            new Idle(), new Trickle(time, seconds), at: default, TaskScheduler.Default, watch, CancellationToken.None);

        Assert.That(
            log.All.Where(l => l.Id == 511).Select(l => l.Text[(l.Text.IndexOf(": ", StringComparison.Ordinal) + 2)..]),
            Is.EqualTo(expected.Select(e => $"{e} so far")));
    }

    /// <summary>A byte every second.</summary>
    private sealed class Trickle(ManualClock clock, int seconds) : ISnapshotBody
    {
        private int _read;

        public ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            if (_read == seconds)
            {
                return ValueTask.FromResult(0);
            }

            _read++;
            clock.Advance(TimeSpan.FromSeconds(1));
            return ValueTask.FromResult(1);
        }
    }

    /// <summary>A state machine that reads nothing by itself.</summary>
    private sealed class Idle : IFsm
    {
        public object? Apply(LogEntry entry) => null;

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
