using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>The bytes of each answer: the error text, then the message or nil.</summary>
internal static class ResponseEncoder
{
    /// <summary>An upper bound for what <see cref="Write"/> writes.</summary>
    public static int BytesMax(RpcResponse? response, string? error)
    {
        int bytes = FieldWriter.FixedBytesMax + MsgPackWriter.TextBytesMax(error);
        if (response is not null)
        {
            bytes += MsgPackWriter.TextBytesMax(response.Header.Address.Value)
                + MsgPackWriter.TextBytesMax(response.Header.Id.Value);
        }

        return bytes + response switch
        {
            RequestVoteResponse vote => vote.Peers?.Length ?? 0,
            AskResponse ask => ask.Data.Length,
            _ => 0,
        };
    }

    /// <summary>Writes an answer.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> destination, RpcResponse? response, string? error, WireDialect dialect)
    {
        var writer = new FieldWriter(destination, dialect);
        writer.Error(error);
        switch (response)
        {
            case null:
                writer.NoMessage();
                break;
            case AppendEntriesResponse append:
                Append(ref writer, append);
                break;
            case RequestVoteResponse vote:
                Vote(ref writer, vote);
                break;
            case RequestPreVoteResponse preVote:
                PreVote(ref writer, preVote);
                break;
            case InstallSnapshotResponse snapshot:
                Snapshot(ref writer, snapshot);
                break;
            case AskResponse ask:
                writer.Begin(4);
                writer.Addr(ask.Header);
                writer.Bytes("Data"u8, ask.Data);
                writer.Id(ask.Header);
                writer.Version(ask.Header);
                break;
            default:
                writer.Begin(3);
                writer.Addr(response.Header);
                writer.Id(response.Header);
                writer.Version(response.Header);
                break;
        }

        return writer.Length;
    }

    private static void Append(ref FieldWriter writer, AppendEntriesResponse append)
    {
        // To Go the answer is as Go has it, to the byte: only a server of this library is told more.
        writer.Begin(7 + (append.ConflictIndex is null ? 0 : 2) + (append.Promise > TimeSpan.Zero ? 1 : 0));
        writer.Addr(append.Header);
        if (append.ConflictIndex is { } conflict)
        {
            writer.Unsigned("ConflictIndex"u8, conflict);
            writer.Unsigned("ConflictTerm"u8, append.ConflictTerm);
        }

        writer.Id(append.Header);
        writer.Unsigned("LastLog"u8, append.LastLog);
        writer.Bool("NoRetryBackoff"u8, append.NoRetryBackoff);
        if (append.Promise > TimeSpan.Zero)
        {
            writer.Unsigned("PromiseMs"u8, Milliseconds.Of(append.Promise));
        }

        writer.Version(append.Header);
        writer.Bool("Success"u8, append.Success);
        writer.Unsigned("Term"u8, append.Term);
    }

    private static void Vote(ref FieldWriter writer, RequestVoteResponse vote)
    {
        writer.Begin(6);
        writer.Addr(vote.Header);
        writer.Bool("Granted"u8, vote.Granted);
        writer.Id(vote.Header);
        writer.Bytes("Peers"u8, vote.Peers);
        writer.Version(vote.Header);
        writer.Unsigned("Term"u8, vote.Term);
    }

    private static void PreVote(ref FieldWriter writer, RequestPreVoteResponse preVote)
    {
        writer.Begin(5);
        writer.Addr(preVote.Header);
        writer.Bool("Granted"u8, preVote.Granted);
        writer.Id(preVote.Header);
        writer.Version(preVote.Header);
        writer.Unsigned("Term"u8, preVote.Term);
    }

    private static void Snapshot(ref FieldWriter writer, InstallSnapshotResponse snapshot)
    {
        writer.Begin(5);
        writer.Addr(snapshot.Header);
        writer.Id(snapshot.Header);
        writer.Version(snapshot.Header);
        writer.Bool("Success"u8, snapshot.Success);
        writer.Unsigned("Term"u8, snapshot.Term);
    }
}
