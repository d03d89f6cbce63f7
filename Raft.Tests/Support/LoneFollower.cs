using System.Text;
using Raft.Mutations;
using Raft.Storage;

namespace Raft.Tests.Support;

/// <summary>
/// One real node, n1 of three, whose fellow servers are the test itself: it hands the node requests and looks at the
/// answers. The node has been bootstrapped, its log ends at (1, 1), unless it is to be blank.
/// </summary>
internal sealed class LoneFollower : IDisposable
{
    private readonly VirtualCluster _cluster;

    public LoneFollower(Mutation mutation = Mutation.None, bool isBlank = false, RaftLimits? limits = null)
    {
        _cluster = new VirtualCluster(servers: 3, prepare: null, mutation);
        Server = _cluster.Servers[0];

        // Long enough that the node never campaigns by itself here.
        Server.Config = Server.Config with
        {
            HeartbeatTimeout = TimeSpan.FromMinutes(10),
            ElectionTimeout = TimeSpan.FromMinutes(10),
            Limits = limits ?? Server.Config.Limits,
        };
        _cluster.Start(Server);
        if (!isBlank)
        {
            _cluster.Run(Server.Node!.BootstrapClusterAsync(_cluster.Founders));
        }
    }

    public VirtualServer Server { get; }

    public VirtualCluster Cluster => _cluster;

    public VirtualStores Disk => Server.Stores;

    public RaftNode Node => Server.Node!;

    /// <summary>The terms of the log, from index 1 on, as held in memory.</summary>
    public IEnumerable<ulong> Terms =>
        Enumerable.Range(1, (int)Node.LastIndex).Select(i => Node.Core.State.Log.TermAt((ulong)i)!.Value);

    public static LogSlice Entries(ulong firstIndex, params ulong[] terms)
    {
        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, LogTimestamp.Zero)];
        for (int i = 0; i < terms.Length; i++)
        {
            ulong index = firstIndex + (ulong)i;
            builder.Add(
                index, terms[i], LogType.Command, stamp, Encoding.UTF8.GetBytes($"{index}/{terms[i]}"), isDataNil: false,
                default, isExtensionsNil: true);
        }

        return new LogSlice(builder.Build());
    }

    public static RpcHeader Header(string id) => new(3, id, $"addr{id[1..]}");

    public static AppendEntriesRequest Append(
        string leader, ulong term, ulong previousIndex, ulong previousTerm, ulong commit, params LogSlice[] entries) =>
        new(Header(leader))
        {
            Term = term,
            Leader = $"addr{leader[1..]}",
            PreviousIndex = previousIndex,
            PreviousTerm = previousTerm,
            LeaderCommitIndex = commit,
            Entries = entries,
        };

    public static AppendEntriesRequest Heartbeat(string leader, ulong term) =>
        new(Header(leader)) { Term = term, Leader = $"addr{leader[1..]}" };

    public static RequestVoteRequest Vote(string candidate, ulong term, ulong lastIndex, ulong lastTerm) =>
        new(Header(candidate))
        {
            Term = term,
            Candidate = $"addr{candidate[1..]}",
            LastLogIndex = lastIndex,
            LastLogTerm = lastTerm,
        };

    public static RequestPreVoteRequest PreVote(string candidate, ulong term, ulong lastIndex, ulong lastTerm) =>
        new(Header(candidate)) { Term = term, LastLogIndex = lastIndex, LastLogTerm = lastTerm };

    /// <summary>Hands the node a request, and lets it do all it can without time passing beyond the network's.</summary>
    public Answer Send(RpcRequest request)
    {
        var answer = new Answer();
        _cluster.Network.Carry(request.Header.Address, Server.Address, request, answer.Set);
        _cluster.Pass(TimeSpan.FromMilliseconds(5));
        return answer;
    }

    /// <summary>Sends a snapshot: of the founders, and of as many bytes as there are, unless it is to say otherwise.</summary>
    public Answer SendSnapshot(
        string leader, ulong term, ulong index, ulong lastTerm, string state, int? size = null, ClusterConfiguration? members = null)
    {
        var answer = new Answer();
        var request = new InstallSnapshotRequest(Header(leader))
        {
            SnapshotVersion = 1,
            Term = term,
            Leader = $"addr{leader[1..]}",
            LastLogIndex = index,
            LastLogTerm = lastTerm,
            Configuration = ConfigurationEncoding.Encode(members ?? _cluster.Founders),
            ConfigurationIndex = 1,
            Size = size ?? state.Length,
        };
        _cluster.Network.Carry(
            request.Header.Address, Server.Address, request, answer.Set, new MemoryBody(Encoding.UTF8.GetBytes(state)));
        _cluster.Pass(TimeSpan.FromMilliseconds(5));
        return answer;
    }

    /// <summary>Puts a request right into the node's inbox.</summary>
    public void Hand(RpcRequest request, Answer answer) => Hand(Node, request, answer);

    /// <summary>Puts a request right into any node's inbox.</summary>
    public static void Hand(RaftNode node, RpcRequest request, Answer answer) =>
        ((IRpcReceiver)node.Core.Inbox).Receive(new HandedRpc(request, answer));

    public void Pass() => _cluster.Pass(TimeSpan.FromMilliseconds(5));

    public void Dispose() => _cluster.Dispose();

    private sealed class HandedRpc(RpcRequest request, Answer answer) : IncomingRpc(request)
    {
        protected override void Send(RpcResponse? response, string? error) => answer.Set(response, error);
    }

    /// <summary>An answer that came, or has not yet.</summary>
    internal sealed class Answer
    {
        public bool HasCome { get; private set; }

        public RpcResponse? Response { get; private set; }

        public string? Error { get; private set; }

        public AppendEntriesResponse Append => (AppendEntriesResponse)Response!;

        public RequestVoteResponse Vote => (RequestVoteResponse)Response!;

        public RequestPreVoteResponse PreVote => (RequestPreVoteResponse)Response!;

        public void Set(RpcResponse? response, string? error)
        {
            Assert.That(HasCome, Is.False, "a request is answered once");
            HasCome = true;
            Response = response;
            Error = error;
        }
    }
}
