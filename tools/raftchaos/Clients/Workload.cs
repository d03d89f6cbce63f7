using System.Collections.Concurrent;
using System.Diagnostics;
using Raft.Simulation;
using Raft.Simulation.Linearizability;

namespace Raftchaos.Clients;

/// <summary>
/// Clients that write, compare-and-swap and read keys at a steady pace, at whichever node answers; each call is noted before it
/// is sent. Its history is checked epoch by epoch, by <see cref="HistoryCheck"/>.
/// </summary>
internal sealed class Workload : IDisposable
{
    private static readonly TimeSpan EpochTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(20);

    /// <summary>After so many calls a client goes to another node, so that one that was away is asked again.</summary>
    private const int CallsAtOneNode = 200;

    private readonly ChaosOptions _options;
    private readonly IReadOnlyList<string> _http;
    private readonly RegisterPort _port = new();
    private readonly FileStream _file;
    private readonly HistoryEventWriter _history;
    private readonly Pacer _pacer;
    private readonly AcknowledgedWrites _acknowledged = new();
    private readonly ConcurrentDictionary<long, Epoch> _epochs = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _lastClient;
    private long _lastValue;
    private long _unknown;
    private long _refused;

    /// <summary>Begins the history.</summary>
    /// <param name="options">The run.</param>
    /// <param name="http">The nodes' addresses.</param>
    public Workload(ChaosOptions options, IReadOnlyList<string> http)
    {
        _options = options;
        _http = http;
        _pacer = new Pacer(options.Rate);
        _file = File.Create(Path.Combine(options.Directory, "history.jsonl"));
        _history = new HistoryEventWriter(
            _file, new HistoryHeader { Seed = options.Seed, Clock = HistoryClock.Monotonic }, TimeProvider.System);
        Check = new HistoryCheck(this);
    }

    /// <summary>What looks at the history.</summary>
    public HistoryCheck Check { get; }

    /// <summary>The writes that were acknowledged.</summary>
    public AcknowledgedWrites Acknowledged => _acknowledged;

    /// <summary>How many operations ended without a known outcome.</summary>
    public long Unknown => Volatile.Read(ref _unknown);

    /// <summary>How many certainly did not happen.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Runs clients and checks until it is told to stop; then what was begun ends and is checked.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Task checks = Check.RunAsync(stop);
        await Task.WhenAll(Enumerable.Range(0, _options.Clients).Select(n => Task.Run(() => ClientAsync(n, stop), CancellationToken.None)));
        await checks;
        await Check.FinishAsync();
    }

    /// <summary>Waits until a write is acknowledged that was begun after an instant, with more writers than the clients.</summary>
    /// <param name="since">The instant, by <see cref="Stopwatch"/>.</param>
    /// <returns>The time from there to the acknowledgement.</returns>
    public async Task<TimeSpan> WritesAgainAsync(long since)
    {
        Task<TimeSpan> again = _acknowledged.FirstAfterAsync(since);
        for (int i = 0; !again.IsCompleted; i++)
        {
            Epoch? epoch = Enter();
            if (epoch is not null)
            {
                int node = i % _http.Count;
                _ = CallAsync(Interlocked.Increment(ref _lastClient), node, epoch, $"e{epoch.Number}p{i}", NextPut());
            }

            await Task.WhenAny(again, Task.Delay(Rest));
        }

        return await again;
    }

    /// <summary>Writes large values that nobody looks at, one after the other, until it is told to stop.</summary>
    public async Task WriteBallastAsync(int bytes, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            await _port.WriteAsync(_http[i % _http.Count], "ballast", bytes);
        }
    }

    /// <summary>The epochs that are over for so long that nothing of theirs should be under way.</summary>
    public IEnumerable<Epoch> Over(bool all) =>
        _epochs.Values.Where(e => all || e.Number + 1 < Now()).OrderBy(e => e.Number);

    /// <summary>Forgets an epoch.</summary>
    public void Forget(Epoch epoch) => _epochs.TryRemove(epoch.Number, out _);

    /// <summary>Reads a key until an answer comes, at one node after the other.</summary>
    /// <param name="key">The key.</param>
    /// <param name="epoch">Where the reads are noted; null for nowhere.</param>
    /// <param name="stop">Ends the attempts; then the answer is null.</param>
    public async Task<long?> ReadAsync(string key, Epoch? epoch, CancellationToken stop)
    {
        for (int node = Random.Shared.Next(_http.Count); !stop.IsCancellationRequested; node = (node + 1) % _http.Count)
        {
            Reply reply = epoch is null
                ? await _port.CallAsync(_http[node], key, RegisterCall.Get())
                : await NotedAsync(Interlocked.Increment(ref _lastClient), node, epoch, key, RegisterCall.Get());
            if (reply.Verdict == CallVerdict.Answered)
            {
                return reply.Result;
            }

            await Task.Delay(Rest, CancellationToken.None);
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _port.Dispose();
        _history.Dispose();
        _file.Dispose();
    }

    private async Task ClientAsync(int number, CancellationToken stop)
    {
        var random = new Random((_options.Seed * 1000) + number);
        int client = Interlocked.Increment(ref _lastClient);
        int node = random.Next(_http.Count);
        var seen = new long[Epoch.Keys];
        long at = -1;
        for (int calls = 1; !stop.IsCancellationRequested; calls++)
        {
            await _pacer.TurnAsync();
            if (Enter() is not { } epoch)
            {
                continue;
            }

            if (epoch.Number != at)
            {
                at = epoch.Number;
                Array.Clear(seen);
            }

            int key = random.Next(Epoch.Keys);
            RegisterCall call = Draw(random, seen[key]);
            Reply reply = await CallAsync(client, node, epoch, epoch.Key(key), call);
            seen[key] = reply.Verdict != CallVerdict.Answered ? 0 : call.Kind == RegisterCallKind.Get ? reply.Result : call.Value;
            if (reply.Verdict != CallVerdict.Answered || calls % CallsAtOneNode == 0)
            {
                node = random.Next(_http.Count);
            }

            if (reply.Verdict == CallVerdict.Unknown)
            {
                client = Interlocked.Increment(ref _lastClient);
            }
        }
    }

    private RegisterCall Draw(Random random, long seen) => random.Next(10) switch
    {
        < 2 => RegisterCall.Get(),
        < 4 => RegisterCall.CompareAndSwap(seen, Interlocked.Increment(ref _lastValue)),
        _ => NextPut(),
    };

    private RegisterCall NextPut() => RegisterCall.Put(Interlocked.Increment(ref _lastValue));

    private long Now() => Stopwatch.GetElapsedTime(_began).Ticks / EpochTime.Ticks;

    private Epoch? Enter()
    {
        Epoch epoch = _epochs.GetOrAdd(Now(), static number => new Epoch(number));
        return epoch.TryEnter() ? epoch : null;
    }

    private async Task<Reply> CallAsync(int client, int node, Epoch epoch, string key, RegisterCall call)
    {
        try
        {
            return await NotedAsync(client, node, epoch, key, call);
        }
        finally
        {
            epoch.Leave();
        }
    }

    private async Task<Reply> NotedAsync(int client, int node, Epoch epoch, string key, RegisterCall call)
    {
        WrittenOperation noted = _history.Invoke(client, key, call);
        epoch.Add(noted.Operation);
        long invokedAt = Stopwatch.GetTimestamp();
        Reply reply = await _port.CallAsync(_http[node], key, call);
        switch (reply.Verdict)
        {
            case CallVerdict.Answered:
                _history.Return(noted, reply.Result, $"n{node + 1}", reply.Index, reply.Term);
                if (call.Kind != RegisterCallKind.Get)
                {
                    _acknowledged.Add(invokedAt);
                }

                break;
            case CallVerdict.DidNotHappen:
                _history.Reject(noted);
                Interlocked.Increment(ref _refused);
                break;
            default:
                Interlocked.Increment(ref _unknown);
                break;
        }

        return reply;
    }
}
