using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Raft.Fsm.Sample.Join;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>A node that asks a member to be added; the member is played.</summary>
public sealed class ClusterJoinTests
{
    [Test]
    public async Task A_node_with_an_empty_disk_hears_nothing_until_its_id_is_removed_and_is_added_then()
    {
        await using var member = new PlayedMember();
        await using JoiningNode node = await JoiningNode.StartAsync(
            member.Address, isHeld: true,
            joining => member.OnChange = request => joining.HeardAtChange.Add((request, joining.IsListening)));

        await Eventually.HoldsAsync("it was added", () => member.Changes.Count >= 2);

        Assert.That(member.Changes[0], Is.EqualTo("DELETE /raft/servers/n4?silentMs=2000 "), "one that runs elsewhere is left alone");
        Assert.That(
            member.Changes[1], Is.EqualTo("""POST /raft/servers/n4/join {"address":"n4:1"}"""));
        Assert.That(node.HeardAtChange[0].IsListening, Is.False, "before the removal is committed");
        Assert.That(node.HeardAtChange[1].IsListening, Is.True);
    }

    [Test]
    public async Task A_node_with_state_is_not_removed()
    {
        await using var member = new PlayedMember();
        await using JoiningNode node = await JoiningNode.StartAsync(member.Address, isHeld: false);

        await Eventually.HoldsAsync("it asked twice", () => member.Changes.Count >= 2);

        Assert.That(node.Log, Does.Contain("it is a nonvoter, and catches up"));
        Assert.That(member.Changes[1], Is.EqualTo(member.Changes[0]), "it goes on asking");
        Assert.That(member.Changes[0], Does.StartWith("POST /raft/servers/n4/join "));
    }

    [Test]
    public async Task A_member_that_is_down_or_refuses_is_asked_again()
    {
        int port = TestPorts.Take(1)[0];
        await using JoiningNode node = await JoiningNode.StartAsync($"http://127.0.0.1:{port}", isHeld: true);
        await Eventually.HoldsAsync("it said so", () => node.Log.Contains("does not answer", StringComparison.Ordinal));
        await using var member = new PlayedMember(port) { Refusals = 1 };

        await Eventually.HoldsAsync("it was added", () => member.Changes.Count >= 3);

        Assert.That(member.Changes[0], Is.EqualTo(member.Changes[1]), "the removal that was refused");
        Assert.That(node.Log, Does.Contain("conflict: not now"));
    }

    /// <summary>A node that joins, in memory.</summary>
    private sealed class JoiningNode : IAsyncDisposable
    {
        private readonly RaftNode _raft;
        private readonly ClusterJoin _join;
        private readonly StartedTransport _transport;
        private readonly CancellationTokenSource _ending = new();
        private readonly Lines _lines;
        private readonly Task _joining;

        private JoiningNode(
            RaftNode raft, ClusterJoin join, StartedTransport transport, Lines lines, Action<JoiningNode>? beforeJoining)
        {
            (_raft, _join, _transport, _lines) = (raft, join, transport, lines);
            beforeJoining?.Invoke(this);
            _joining = join.RunAsync(_ending.Token);
        }

        public List<(string Request, bool IsListening)> HeardAtChange { get; } = [];

        public bool IsListening => _transport.IsStarted;

        public string Log => _lines.ToString();

        public static async Task<JoiningNode> StartAsync(
            string target, bool isHeld, Action<JoiningNode>? beforeJoining = null)
        {
            var transport = new StartedTransport(
                new InMemoryNetwork(TimeProvider.System).CreateTransport("n4:1", TimeSpan.FromSeconds(1)));
            HeldTransport? held = isHeld ? new HeldTransport(transport) : null;
            var fsm = new KvFsm();
            var snapshots = new InMemorySnapshotStore();
            RaftNode raft = await RaftNode.StartAsync(
                new RaftConfig { LocalId = "n4" }, fsm, new InMemoryLogStore(), new InMemoryStableStore(), snapshots,
                (ITransport?)held ?? transport);
            var node = new KvNode(raft, fsm, snapshots, "127.0.0.1:1", TimeSpan.FromSeconds(5), new PeerFigures());
            var lines = new Lines();
            using var logs = new LineLog(lines, LogLevel.Information);
            return new JoiningNode(
                raft, new ClusterJoin(node, "n4:1", new Uri(target), held, TimeSpan.FromSeconds(2), repair: null, logs.CreateLogger("test")), transport, lines,
                beforeJoining);
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _joining;
            _join.Dispose();
            await _raft.DisposeAsync();
            _ending.Dispose();
            await _lines.DisposeAsync();
        }
    }

    /// <summary>Log lines that are read while more are written.</summary>
    private sealed class Lines : TextWriter
    {
        private string _text = string.Empty;

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => Volatile.Write(ref _text, $"{_text}{value}\n");

        public override string ToString() => Volatile.Read(ref _text);
    }

    /// <summary>A transport that says whether it delivers.</summary>
    private sealed class StartedTransport(ITransport inner) : ITransport
    {
        private volatile bool _isStarted;

        public bool IsStarted => _isStarted;

        public ServerAddress LocalAddress => inner.LocalAddress;

        public void Start(IRpcReceiver receiver)
        {
            inner.Start(receiver);
            _isStarted = true;
        }

        public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
            inner.ProbeAsync(target, cancellationToken);

        public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
            Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
            inner.AppendEntriesAsync(target, request, cancellationToken);

        public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken) =>
            inner.OpenAppendPipelineAsync(target, cancellationToken);

        public ValueTask<RequestVoteResponse> RequestVoteAsync(
            Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
            inner.RequestVoteAsync(target, request, cancellationToken);

        public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
            Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
            inner.RequestPreVoteAsync(target, request, cancellationToken);

        public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
            Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
            inner.InstallSnapshotAsync(target, request, body, cancellationToken);

        public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
            Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
            inner.TimeoutNowAsync(target, request, cancellationToken);

        public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
            inner.AskAsync(target, request, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>A member that takes every request down and grants it.</summary>
    private sealed class PlayedMember : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;
        private readonly List<string> _changes = [];

        public PlayedMember(int port = 0)
        {
            Address = $"http://127.0.0.1:{(port == 0 ? TestPorts.Take(1)[0] : port)}";
            _listener.Prefixes.Add(Address + "/");
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Address { get; }

        /// <summary>How many changes it refuses first.</summary>
        public int Refusals { get; set; }

        public Action<string> OnChange { get; set; } = _ => { };

        public IReadOnlyList<string> Changes
        {
            get
            {
                // Written by the member, read by the test.
                lock (_changes)
                {
                    return [.. _changes];
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _listener.Close();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    (int status, string answer) = await AnswerAsync(context.Request);
                    context.Response.StatusCode = status;
                    byte[] bytes = Encoding.UTF8.GetBytes(answer);
                    await context.Response.OutputStream.WriteAsync(bytes);
                    context.Response.Close();
                }
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task<(int Status, string Answer)> AnswerAsync(HttpListenerRequest request)
        {
            using var reader = new StreamReader(request.InputStream);
            string change = $"{request.HttpMethod} {request.RawUrl} {await reader.ReadToEndAsync()}";
            OnChange(change);
            lock (_changes)
            {
                _changes.Add(change);
            }

            return Refusals-- > 0
                ? (409, """{"error":"conflict","message":"not now","leader":null}""")
                : request.HttpMethod == "DELETE" ? (200, """{"index":50,"term":3}""")
                : (202, """{"stage":"CatchingUp","matchIndex":7,"targetIndex":100,"round":1}""");
        }
    }
}
