using Raft.Observability;
using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Tests.Transport;
using Raft.Timing;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Observability;

/// <summary>What the accepting side of the TCP transport measures.</summary>
public sealed class TransportMeterTests
{
    private static readonly string[] Stages = ["raft.net.rpcDecode", "raft.net.rpcEnqueue", "raft.net.rpcRespond"];

    private static IEnumerable<TestCaseData> Kinds()
    {
        yield return Kind(Requests.Append(entryCount: 0, dataBytes: 0), "Heartbeat");
        yield return Kind(Requests.Append(entryCount: 2, dataBytes: 10), "AppendEntries");
        yield return Kind(Requests.Vote(), "RequestVote");
        yield return Kind(new RequestPreVoteRequest(Requests.Header) { Term = 7 }, "RequestPreVote");
        yield return Kind(new InstallSnapshotRequest(Requests.Header) { Term = 7, SnapshotVersion = 1 }, "InstallSnapshot");
        yield return Kind(new TimeoutNowRequest(Requests.Header), "TimeoutNow");
        yield return Kind(new AskRequest(Requests.Header), "Ask");
    }

    private static TestCaseData Kind(RpcRequest request, string type) =>
        new TestCaseData(request, type).SetName($"Every stage of a request of the type {type} is measured once, with that type as a tag");

    [TestCaseSource(nameof(Kinds))]
    public async Task Stages_of_a_request(RpcRequest request, string type)
    {
        using var measured = new Measurements();
        using var meter = TransportMeter.Create(new TcpTransportOptions { MeterFactory = measured }, "addr1");
        using var connection = new ScriptedConnection(Requests.Bytes(request));
        var receiver = new TestReceiver();
        receiver.AnswerAll(static _ => Requests.Ok);

        await new AcceptedConnection(connection, Context(receiver, meter)).RunAsync();

        foreach (string stage in Stages)
        {
            Assert.That(measured.Of(stage).Select(m => m.Tags), Is.EqualTo(new[] { new Dictionary<string, string?> { ["rpcType"] = type } }), stage);
        }

        Assert.That(measured.Of("raft.net.getRPCType"), Has.Count.EqualTo(1), "the wait that ended with the end of the connection is none");
        Assert.That(measured.Taken.SelectMany(m => m.MeterTags.Select(t => $"{t.Key}={t.Value}")).Distinct(), Is.EqualTo(["raft.address=addr1"]));
    }

    [Test]
    public async Task Times_end_when_the_request_is_whole_and_when_it_is_answered()
    {
        using var measured = new Measurements();
        var clock = new ManualClock();
        using var meter = new TransportMeter(measured.Create(new("Raft")), new NodeClock(clock));
        byte[] bytes = Requests.Bytes(Requests.Vote());
        using var connection = new SlowConnection(bytes, clock);
        var receiver = new TestReceiver();
        Task running = new AcceptedConnection(connection, Context(receiver, meter)).RunAsync();
        IncomingRpc rpc = await receiver.NextAsync();
        clock.Advance(TimeSpan.FromMilliseconds(500));

        rpc.Respond(new RequestVoteResponse(Requests.Header));
        await running;

        Assert.That(measured.ValuesOf("raft.net.getRPCType"), Is.EqualTo(new[] { 10.0 }));
        Assert.That(measured.ValuesOf("raft.net.rpcDecode"), Is.EqualTo(new[] { 10.0 * (bytes.Length - 1) }), "from the second byte on");
        Assert.That(measured.ValuesOf("raft.net.rpcEnqueue"), Is.EqualTo(new[] { 0.0 }));
        Assert.That(measured.ValuesOf("raft.net.rpcRespond"), Has.Count.EqualTo(1).And.All.GreaterThanOrEqualTo(500));
    }

    [Test]
    public async Task The_meter_of_a_transport_bears_its_address_and_ends_with_it()
    {
        using var measured = new Measurements();
        TcpTransport transport = await TcpTransport.ListenAsync(new TcpTransportOptions { MeterFactory = measured });
        int before = measured.Ended.Count;

        await transport.DisposeAsync();

        Assert.That(measured.Meters.Single().Name, Is.EqualTo(RaftMeter.Name));
        Assert.That(measured.Meters.Single().Tags!.Single().Value, Is.EqualTo(transport.LocalAddress.ToString()));
        Assert.That(before, Is.Zero);
        Assert.That(measured.Ended, Is.EquivalentTo(measured.Instruments).And.Count.EqualTo(4));
    }

    private static AcceptorContext Context(IRpcReceiver receiver, TransportMeter meter)
    {
        var options = new TcpTransportOptions();
        return new AcceptorContext(receiver, options, meter, options.LoggerFactory.CreateLogger("test"));
    }

    /// <summary>Each byte takes 10 ms, and the end waits for the answer.</summary>
    private sealed class SlowConnection(byte[] bytes, ManualClock clock) : IStreamConnection
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _position;

        public string RemoteName => "a slow peer";

        public bool IsQuiet => true;

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            if (_position == bytes.Length)
            {
                await _answered.Task;
                return 0;
            }

            clock.Advance(TimeSpan.FromMilliseconds(10));
            buffer.Span[0] = bytes[_position++];
            return 1;
        }

        public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
        {
            _answered.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public void Dispose()
        {
        }
    }
}
