using System.Text;
using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>Reads one connection's answers, in order, as they arrive. Owned by the connection's reader.</summary>
/// <param name="askBytesMax">The most that the data of an Ask's answer may take.</param>
internal sealed class ResponseDecoder(int askBytesMax)
{
    private readonly ValueAssembler _assembler = new();
    private readonly MessageFields _fields = new();
    private string? _error;

    /// <summary>Whether the beginning of an answer was read and its end was not.</summary>
    public bool IsWithinResponse { get; private set; }

    /// <summary>Goes on.</summary>
    /// <param name="buffer">What was received.</param>
    /// <param name="type">What was asked.</param>
    /// <param name="response">The answer; all zero where the other side gave none.</param>
    /// <param name="error">Its error text, or null for none.</param>
    /// <returns>Whether an answer was whole; if not, more has to be received.</returns>
    /// <exception cref="MsgPackException">It is no answer or over a limit.</exception>
    public bool TryDecode(ReceiveBuffer buffer, RpcType type, out RpcResponse? response, out string? error)
    {
        response = null;
        error = null;
        if (buffer.UnreadBytes == 0)
        {
            return false;
        }

        IsWithinResponse = true;
        if (_error is null && !TryError(buffer))
        {
            return false;
        }

        if (!_assembler.IsActive)
        {
            _assembler.Begin(
                type == RpcType.Ask ? (long)askBytesMax + WireLimits.AskOverheadBytes : WireLimits.MessageBytesMax);
        }

        if (!_assembler.TryTake(buffer, out ReadOnlyMemory<byte> message, out _))
        {
            return false;
        }

        response = Decode(message.Span, type);
        error = _error is { Length: > 0 } ? _error : null;
        _error = null;
        IsWithinResponse = false;
        return true;
    }

    /// <summary>Gives back what an unfinished answer holds.</summary>
    public void Abandon() => _assembler.Abandon();

    private bool TryError(ReceiveBuffer buffer)
    {
        if (!_assembler.IsActive)
        {
            _assembler.Begin(WireLimits.ErrorBytesMax);
        }

        if (!_assembler.TryTake(buffer, out ReadOnlyMemory<byte> value, out _))
        {
            return false;
        }

        var reader = new MsgPackReader(value.Span);
        _error = Encoding.UTF8.GetString(reader.Raw(WireLimits.ErrorBytesMax, out _));
        return true;
    }

    private RpcResponse Decode(ReadOnlySpan<byte> message, RpcType type)
    {
        MessageFields f = _fields;
        switch (type)
        {
            case RpcType.AppendEntries:
                f.Read(message, Fields.AppendResponse);
                return new AppendEntriesResponse(f.Header)
                {
                    Term = f.Term,
                    LastLog = f.LastLog,
                    Success = f.Success,
                    NoRetryBackoff = f.NoRetryBackoff,
                    Promise = Milliseconds.ToTime(f.PromiseMs),
                    ConflictIndex = f.ConflictIndex,
                    ConflictTerm = f.ConflictTerm,
                };
            case RpcType.RequestVote:
                f.Read(message, Fields.VoteResponse);
                return new RequestVoteResponse(f.Header) { Term = f.Term, Granted = f.Granted, Peers = f.Peers };
            case RpcType.RequestPreVote:
                f.Read(message, Fields.PreVoteResponse);
                return new RequestPreVoteResponse(f.Header) { Term = f.Term, Granted = f.Granted };
            case RpcType.InstallSnapshot:
                f.Read(message, Fields.SnapshotResponse);
                return new InstallSnapshotResponse(f.Header) { Term = f.Term, Success = f.Success };
            case RpcType.Ask:
                f.Read(message, Fields.Ask);
                return new AskResponse(f.Header) { Data = f.Data ?? default };
            default:
                f.Read(message, Fields.Header);
                return new TimeoutNowResponse(f.Header);
        }
    }
}
