using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>The bytes of each request but the entries of an AppendEntries, which are encoded already.</summary>
/// <remarks>A cluster that is given is named in the request; Go passes over that key.</remarks>
internal static class RequestEncoder
{
    /// <summary>The type byte of a request.</summary>
    public static RpcType TypeOf(RpcRequest request) => request switch
    {
        AppendEntriesRequest => RpcType.AppendEntries,
        RequestVoteRequest => RpcType.RequestVote,
        InstallSnapshotRequest => RpcType.InstallSnapshot,
        TimeoutNowRequest => RpcType.TimeoutNow,
        RequestPreVoteRequest => RpcType.RequestPreVote,
        AskRequest => RpcType.Ask,
        _ => throw new ArgumentException($"{request.GetType().Name} is no request of the wire.", nameof(request)),
    };

    /// <summary>An upper bound for what <see cref="Write"/>, or head and tail together, write.</summary>
    public static int BytesMax(RpcRequest request, string? cluster = null)
    {
        int bytes = FieldWriter.FixedBytesMax + MsgPackWriter.TextBytesMax(request.Header.Address.Value)
            + MsgPackWriter.TextBytesMax(request.Header.Id.Value) + MsgPackWriter.TextBytesMax(cluster);
        return bytes + request switch
        {
            AppendEntriesRequest append => MsgPackWriter.TextBytesMax(append.Leader.Value),
            RequestVoteRequest vote => MsgPackWriter.TextBytesMax(vote.Candidate.Value),
            InstallSnapshotRequest snapshot => MsgPackWriter.TextBytesMax(snapshot.Leader.Value)
                + (snapshot.Configuration?.Length ?? 0) + (snapshot.Peers?.Length ?? 0),
            AskRequest ask => ask.Data.Length,
            _ => 0,
        };
    }

    /// <summary>Writes what stands before the entries.</summary>
    public static int WriteHead(
        Span<byte> destination, AppendEntriesRequest request, int entryCount, WireDialect dialect, string? cluster = null)
    {
        var writer = new FieldWriter(destination, dialect, cluster);
        writer.Byte((byte)RpcType.AppendEntries);
        writer.Begin(request.Lease > TimeSpan.Zero ? 10 : 9);
        writer.Addr(request.Header);
        writer.Cluster();
        writer.Array("Entries"u8, entryCount);
        return writer.Length;
    }

    /// <summary>Writes what stands behind the entries.</summary>
    public static int WriteTail(Span<byte> destination, AppendEntriesRequest request, WireDialect dialect)
    {
        var writer = new FieldWriter(destination, dialect);
        writer.Id(request.Header);
        writer.Text("Leader"u8, request.Leader.Value);
        writer.Unsigned("LeaderCommitIndex"u8, request.LeaderCommitIndex);
        if (request.Lease > TimeSpan.Zero)
        {
            writer.Unsigned("LeaseMs"u8, Milliseconds.Of(request.Lease));
        }

        writer.Unsigned("PrevLogEntry"u8, request.PreviousIndex);
        writer.Unsigned("PrevLogTerm"u8, request.PreviousTerm);
        writer.Version(request.Header);
        writer.Unsigned("Term"u8, request.Term);
        return writer.Length;
    }

    /// <summary>Writes any other request.</summary>
    public static int Write(Span<byte> destination, RpcRequest request, WireDialect dialect, string? cluster = null)
    {
        var writer = new FieldWriter(destination, dialect, cluster);
        writer.Byte((byte)TypeOf(request));
        switch (request)
        {
            case RequestVoteRequest vote:
                Vote(ref writer, vote);
                break;
            case RequestPreVoteRequest preVote:
                PreVote(ref writer, preVote);
                break;
            case InstallSnapshotRequest snapshot:
                Snapshot(ref writer, snapshot);
                break;
            case AskRequest ask:
                Ask(ref writer, ask);
                break;
            case TimeoutNowRequest { Term: > 0 } timeoutNow:
                writer.Begin(4);
                writer.Addr(request.Header);
                writer.Cluster();
                writer.Id(request.Header);
                writer.Version(request.Header);
                writer.Unsigned("Term"u8, timeoutNow.Term);
                break;
            default:
                writer.Begin(3);
                writer.Addr(request.Header);
                writer.Cluster();
                writer.Id(request.Header);
                writer.Version(request.Header);
                break;
        }

        return writer.Length;
    }

    private static void Ask(ref FieldWriter writer, AskRequest ask)
    {
        writer.Begin(ask.Kind == 0 ? 4 : 5);
        writer.Addr(ask.Header);
        writer.Cluster();
        writer.Bytes("Data"u8, ask.Data);
        writer.Id(ask.Header);
        if (ask.Kind != 0)
        {
            writer.Signed("Kind"u8, ask.Kind);
        }

        writer.Version(ask.Header);
    }

    private static void Vote(ref FieldWriter writer, RequestVoteRequest vote)
    {
        writer.Begin(vote.TransferTerm > 0 ? 9 : 8);
        writer.Addr(vote.Header);
        writer.Text("Candidate"u8, vote.Candidate.Value);
        writer.Cluster();
        writer.Id(vote.Header);
        writer.Unsigned("LastLogIndex"u8, vote.LastLogIndex);
        writer.Unsigned("LastLogTerm"u8, vote.LastLogTerm);
        writer.Bool("LeadershipTransfer"u8, vote.LeadershipTransfer);
        writer.Version(vote.Header);
        writer.Unsigned("Term"u8, vote.Term);
        if (vote.TransferTerm > 0)
        {
            writer.Unsigned("TransferTerm"u8, vote.TransferTerm);
        }
    }

    private static void PreVote(ref FieldWriter writer, RequestPreVoteRequest preVote)
    {
        writer.Begin(6);
        writer.Addr(preVote.Header);
        writer.Cluster();
        writer.Id(preVote.Header);
        writer.Unsigned("LastLogIndex"u8, preVote.LastLogIndex);
        writer.Unsigned("LastLogTerm"u8, preVote.LastLogTerm);
        writer.Version(preVote.Header);
        writer.Unsigned("Term"u8, preVote.Term);
    }

    private static void Snapshot(ref FieldWriter writer, InstallSnapshotRequest snapshot)
    {
        writer.Begin(12);
        writer.Addr(snapshot.Header);
        writer.Cluster();
        writer.Bytes("Configuration"u8, snapshot.Configuration);
        writer.Unsigned("ConfigurationIndex"u8, snapshot.ConfigurationIndex);
        writer.Id(snapshot.Header);
        writer.Unsigned("LastLogIndex"u8, snapshot.LastLogIndex);
        writer.Unsigned("LastLogTerm"u8, snapshot.LastLogTerm);
        writer.Text("Leader"u8, snapshot.Leader.Value);
        writer.Bytes("Peers"u8, snapshot.Peers);
        writer.Version(snapshot.Header);
        writer.Signed("Size"u8, snapshot.Size);
        writer.Signed("SnapshotVersion"u8, snapshot.SnapshotVersion);
        writer.Unsigned("Term"u8, snapshot.Term);
    }
}
