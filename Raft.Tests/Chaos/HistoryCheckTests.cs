using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Raft.Tests.Support;
using Raftchaos;
using Raftchaos.Clients;

namespace Raft.Tests.Chaos;

/// <summary>What clients of chaos runs see of a server that does not keep its word.</summary>
[TestFixture]
public sealed class HistoryCheckTests
{
    private const int WritesAtLeast = 400;

    [Test]
    public async Task An_honest_server_is_found_to_be_one()
    {
        (IReadOnlyList<string> faults, int lost) = await RunAsync(new Register());

        Assert.That((faults, lost), Is.EqualTo((Array.Empty<string>(), 0)));
    }

    [Test]
    public async Task A_write_that_was_acknowledged_and_dropped_is_found()
    {
        (IReadOnlyList<string> faults, _) = await RunAsync(new Register { DropsEach = 40 });

        Assert.That(faults, Is.Not.Empty);
    }

    [Test]
    public async Task A_read_of_what_was_overwritten_is_found()
    {
        (IReadOnlyList<string> faults, _) = await RunAsync(new Register { ReadsStaleEach = 10 });

        Assert.That(faults, Is.Not.Empty);
    }

    [Test]
    public async Task A_state_that_is_gone_after_the_faults_is_found()
    {
        var register = new Register();

        (IReadOnlyList<string> faults, int lost) = await RunAsync(register, beforeTheEnd: register.Forget);

        Assert.That(lost, Is.GreaterThan(0));
        Assert.That(faults, Has.Count.EqualTo(lost));
    }

    private static async Task<(IReadOnlyList<string> Faults, int Lost)> RunAsync(Register register, Action? beforeTheEnd = null)
    {
        using var directory = new TemporaryDirectory();
        int port = TestPorts.Take(1)[0];
        using HttpListener server = register.Serve(port);
        using var workload = new Workload(
            new ChaosOptions { Directory = directory.Path, PortBase = port, Rate = 1000, Clients = 8 }, [$"http://127.0.0.1:{port}"]);
        using var stop = new CancellationTokenSource();
        Task run = workload.RunAsync(stop.Token);
        while (workload.Acknowledged.Count < WritesAtLeast)
        {
            await workload.WritesAgainAsync(System.Diagnostics.Stopwatch.GetTimestamp()).WaitAsync(TimeSpan.FromMinutes(1));
        }

        await stop.CancelAsync();
        await run;
        beforeTheEnd?.Invoke();
        int lost = await workload.Check.ReadAllAgainAsync();
        return ([.. workload.Check.Faults], lost);
    }

    /// <summary>The part of raftkv's HTTP that the clients call, by one process without a disk.</summary>
    private sealed class Register
    {
        private readonly ConcurrentDictionary<string, string> _values = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, string> _before = new(StringComparer.Ordinal);
        private readonly Lock _gate = new();
        private int _calls;

        public int DropsEach { get; init; } = int.MaxValue;

        public int ReadsStaleEach { get; init; } = int.MaxValue;

        public HttpListener Serve(int port)
        {
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            listener.Start();
            _ = AnswerAsync(listener);
            return listener;
        }

        public void Forget() => _values.Clear();

        private async Task AnswerAsync(HttpListener listener)
        {
            try
            {
                while (true)
                {
                    await AnswerAsync(await listener.GetContextAsync());
                }
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(HttpListenerContext call)
        {
            using var reader = new StreamReader(call.Request.InputStream);
            string body = await reader.ReadToEndAsync();
            string key = call.Request.Url!.AbsolutePath.Split('/')[2];
            (int status, string text) = call.Request.HttpMethod switch
            {
                "GET" => Read(key),
                "PUT" => (200, Write(key, body)),
                _ => (200, Swap(key, body)),
            };
            call.Response.StatusCode = status;
            await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
            call.Response.Close();
        }

        private (int Status, string Text) Read(string key)
        {
            ConcurrentDictionary<string, string> from = ++_calls % ReadsStaleEach == 0 ? _before : _values;
            return from.TryGetValue(key, out string? value) ? (200, value) : (404, "{}");
        }

        private string Write(string key, string value)
        {
            lock (_gate)
            {
                if (++_calls % DropsEach != 0)
                {
                    _before[key] = _values.GetValueOrDefault(key, value);
                    _values[key] = value;
                }

                return "{\"index\":0,\"term\":1}";
            }
        }

        private string Swap(string key, string body)
        {
            System.Text.Json.JsonElement asked = System.Text.Json.JsonDocument.Parse(body).RootElement;
            string? expected = asked.GetProperty("expected").GetString();
            bool swaps = _values.GetValueOrDefault(key) == expected;
            if (swaps)
            {
                Write(key, asked.GetProperty("value").GetString()!);
            }

            return $"{{\"index\":0,\"term\":1,\"swapped\":{(swaps ? "true" : "false")}}}";
        }
    }
}
