using System.Diagnostics;
using System.Text;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>A server that joins while others write, and is killed at each stage of it.</summary>
public sealed class JoinUnderLoadTests
{
    private const int Joining = 3;

    /// <summary>What the joining server says as it enters each stage.</summary>
    private static readonly string[] Stages =
    [
        "ready: raft", "asking it to remove", "removed at index", "it is being added as a nonvoter", "knows leader", "catches up", "keeps up",
        "votes in its cluster",
    ];

    /// <summary><c>RAFT_KILL_ROUNDS=50</c> for a run of its own.</summary>
    [Test]
    public async Task A_server_is_killed_at_every_stage_of_its_joining_and_the_others_never_lose_their_quorum()
    {
        await using var cluster = new ProcessCluster(4, "--snapshot-threshold=20000", "--trailing-logs=100000", "--log-level=information");
        await cluster.StartAllAsync();
        int leader = await cluster.LeaderAsync();
        await using var load = new Load(cluster.Http[leader], ProcessCluster.Rounds(0) > 0 ? 64 : 8);
        await load.MoreAsync(2000);
        ulong term = await cluster.IndexAsync(leader, "term");
        long began = Stopwatch.GetTimestamp();
        for (int round = 0; round < ProcessCluster.Rounds(Stages.Length); round++)
        {
            int stage = round % Stages.Length;
            await cluster.StartAsync(Joining);
            await Eventually.HoldsAsync(
                $"it comes to stage {stage} in round {round}", () => IsAt(cluster.Said(Joining), stage), () => cluster.Errors(Joining));
            await cluster.KillAsync(Joining);
            await load.MoreAsync(200);
            if (round / Stages.Length % 2 == 0)
            {
                Directory.Delete(cluster.Data(Joining), recursive: true);
            }
        }

        TimeSpan time = Stopwatch.GetElapsedTime(began);
        Assert.That(await cluster.IndexAsync(leader, "term"), Is.EqualTo(term), "the leader was never lost");
        await TestContext.Out.WriteLineAsync(
            $"killed at {ProcessCluster.Rounds(Stages.Length)} stages; {load.Done / time.TotalSeconds:F0} writes/s, longest pause {load.Longest.TotalMilliseconds:F0} ms");

        await cluster.StartAsync(Joining);
        long joined = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync("it votes", () => IsAt(cluster.Said(Joining), Stages.Length - 1), () => cluster.Errors(Joining));
        await TestContext.Out.WriteLineAsync($"a voter after {Stopwatch.GetElapsedTime(joined).TotalSeconds:F1} s of {load.Done} writes");
        await load.DisposeAsync();
        Assert.That(load.Failures, Is.Empty);
        await cluster.ConvergeAsync([0, 1, 2, Joining]);
    }

    private static bool IsAt(string said, int stage) =>
        Stages.Skip(stage).Any(later => said.Contains(later, StringComparison.Ordinal));

    /// <summary>Writes without end, to the leader.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task[] _writers;
        private readonly List<string> _failures = [];
        private int _done;
        private long _last = Stopwatch.GetTimestamp();
        private long _longest;

        public Load(string http, int writers) =>
            _writers = [.. Enumerable.Range(0, writers).Select(w => Task.Run(() => WriteAsync(http, w)))];

        public int Done => Volatile.Read(ref _done);

        public TimeSpan Longest => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longest));

        public IReadOnlyList<string> Failures => _failures;

        public Task MoreAsync(int count)
        {
            int target = Done + count;
            return Eventually.HoldsAsync($"{count} more are written", () => Done >= target || _failures.Count > 0);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_writers);
        }

        private async Task WriteAsync(string http, int writer)
        {
            byte[] value = Encoding.UTF8.GetBytes("v");
            for (int i = 0; !_stop.IsCancellationRequested; i++)
            {
                Reply reply = await Reply.SendAsync(http, "PUT", $"/kv/{writer}-{i % 100}", value);
                lock (_failures)
                {
                    // Many writers, one account.
                    if (reply.Status != 200)
                    {
                        _failures.Add(reply.ToString());
                        return;
                    }

                    long now = Stopwatch.GetTimestamp();
                    _longest = Math.Max(_longest, now - _last);
                    _last = now;
                    _done++;
                }
            }
        }
    }
}
